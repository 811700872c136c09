"""The parametric person: keypoint layouts, shape, pose, fitting, skinned characters."""
