"""Does an old calibration still hold for today's footage?"""
