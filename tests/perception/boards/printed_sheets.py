"""Pictures of printed boards, warped as a camera sees a sheet."""

import cv2
import numpy as np

from studio.perception.boards import rasterise

SIZE = (960, 720)
CORNERS = np.array([[190, 130], [780, 90], [830, 610], [140, 590]], np.float32)


def seen(board, back=False, corners=CORNERS, blur=0.9):
    """A picture of a board on a sheet whose corners lie there, and the way from target to it."""
    art = board.back if back else board.artwork
    per_m = 900 / art.width_m
    edge = max(art.quiet_m, 0.05 * art.width_m)
    sheet = rasterise(art, per_m, edge)
    height, width = sheet.shape
    outline = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    home = cv2.getPerspectiveTransform(outline, corners)
    picture = cv2.warpPerspective(sheet, home, SIZE, flags=cv2.INTER_AREA, borderValue=140)

    def place(points_m):
        x = art.origin_m[0] + (-points_m[:, 0] if back else points_m[:, 0])
        flat = np.stack([x, art.origin_m[1] + points_m[:, 1]], -1)
        pixels = (flat + edge) * per_m - 0.5
        return cv2.perspectiveTransform(pixels[:, None], home.astype(np.float64))[:, 0]

    return cv2.GaussianBlur(picture, (0, 0), blur), place
