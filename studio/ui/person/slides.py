"""Which sliders a person has, in an artist's words."""

from __future__ import annotations

from studio.ui.person.groups import PERCENT, Slide

YEARS = ((0.0, 1.0), (1 / 3, 11.0), (2 / 3, 25.0), (1.0, 90.0))
"""Ages by Anny's parameter (see :func:`studio.human.shapefit.age_parameter`)."""

BUILD = (
    Slide("Man to woman", "phenotypes", ("gender",), unit="%", scale=PERCENT, decimals=0,
          tip="0 % is a man, 100 % a woman"),
    Slide("Age", "phenotypes", ("age",), low=0.4, middle=0.7, unit="years", scale=YEARS,
          decimals=0),
    Slide("Weight", "phenotypes", ("weight",), unit="%", scale=PERCENT, decimals=0),
    Slide("Muscle", "phenotypes", ("muscle",), unit="%", scale=PERCENT, decimals=0),
    Slide("Height", "phenotypes", ("height",), low=0.0, middle=0.4, high=0.8, unit="%",
          scale=((0.0, 0.0), (0.8, 100.0)), decimals=0,
          tip="From the smallest to the tallest; in centimetres under Measurements"),
)  # fmt: skip
MORE_BUILD = tuple(
    Slide(title, "phenotypes", (name,), unit="%", scale=PERCENT, decimals=0)
    for title, name in (
        ("Ideal proportions", "proportions"), ("African features", "african"),
        ("Asian features", "asian"), ("European features", "caucasian"), ("Bust", "cupsize"),
        ("Firmness", "firmness"),
    )
)  # fmt: skip
SEGMENTS = tuple(
    Slide(title, "scales", (name,), 0.8, 1.0, 1.25, "%", PERCENT, 0)
    for title, name in (
        ("Torso length", "torso"), ("Neck length", "neck"), ("Head size", "head"),
        ("Shoulder width", "shoulders"), ("Upper arm length", "upper_arm"),
        ("Forearm length", "forearm"), ("Hand size", "hand"), ("Hip width", "hips"),
        ("Thigh length", "thigh"), ("Shin length", "shin"), ("Foot size", "foot"),
    )
)  # fmt: skip


def _local(title: str, name: str) -> Slide:
    """A local slider; ``?-name`` has one for each side."""
    names = tuple(side + name[1:] for side in "lr") if name.startswith("?") else (name,)
    return Slide(title, "local", names, -1.0, 0.0, 1.0, "%", PERCENT, 0)


PARTS = tuple(
    _local(title, name)
    for title, name in (
        ("V-shaped torso", "torso-vshape"), ("Chest muscles", "torso-muscle-pectoral"),
        ("Back muscles", "torso-muscle-dorsi"), ("Belly", "stomach-pregnant"),
        ("Stomach tone", "stomach-tone"), ("Buttocks", "buttocks-volume"),
        ("Upper arm muscle", "?-upperarm-muscle"), ("Upper arm fat", "?-upperarm-fat"),
        ("Shoulder muscle", "?-upperarm-shoulder-muscle"),
        ("Forearm muscle", "?-lowerarm-muscle"), ("Thigh muscle", "?-upperleg-muscle"),
        ("Thigh fat", "?-upperleg-fat"), ("Calf muscle", "?-lowerleg-muscle"),
        ("Knees in or out", "?-leg-valgus"), ("Finger length", "?-hand-fingers-length"),
        ("Size of the hand", "?-hand-scale"), ("Size of the foot", "?-foot-scale"),
    )
)  # fmt: skip
FACE: dict[str, tuple[Slide, ...]] = {
    group: tuple(_local(title, name) for title, name in slides)
    for group, slides in {
        "Head": (("Head width", "head-scale-horiz"), ("Head height", "head-scale-vert"),
                 ("Head depth", "head-scale-depth"), ("Fullness", "head-fat"),
                 ("Lines of age", "head-age"), ("Forehead height", "forehead-scale-vert"),
                 ("Forehead slope", "forehead-nubian")),
        "Brows": (("Brow height", "eyebrows-trans-up"), ("Brow angle", "eyebrows-angle-up"),
                  ("Brow ridge", "eyebrows-trans-forward")),
        "Eyes": (("Eye size", "?-eye-scale"), ("Eye opening", "?-eye-height2"),
                 ("Eye slant", "?-eye-corner2-up"), ("Eye distance", "?-eye-trans-out"),
                 ("Eye position", "?-eye-trans-up"), ("Lid fold", "?-eye-eyefold-up"),
                 ("Inner fold", "?-eye-epicanthus-out"), ("Eye bags", "?-eye-bag")),
        "Nose": (("Nose width", "nose-scale-horiz"), ("Nose length", "nose-scale-vert"),
                 ("Nose depth", "nose-scale-depth"), ("Bridge", "nose-hump"),
                 ("Bridge width", "nose-width1"), ("Tip height", "nose-point-up"),
                 ("Tip width", "nose-point-width"), ("Nostrils", "nose-nostrils-width")),
        "Cheeks": (("Cheek bones", "?-cheek-bones"), ("Cheek fullness", "?-cheek-volume")),
        "Mouth": (("Mouth width", "mouth-scale-horiz"), ("Mouth position", "mouth-trans-up"),
                  ("Upper lip", "mouth-upperlip-volume"), ("Lower lip", "mouth-lowerlip-volume"),
                  ("Corners", "mouth-angles-up"), ("Philtrum", "mouth-philtrum-volume")),
        "Chin": (("Chin width", "chin-width"), ("Chin height", "chin-height"),
                 ("Chin depth", "chin-prominent"), ("Jaw", "chin-jaw-drop"),
                 ("Cleft", "chin-cleft")),
        "Ears": (("Ear size", "?-ear-scale"), ("Ears out", "?-ear-wing"),
                 ("Ear lobe", "?-ear-lobe")),
    }.items()
}  # fmt: skip


def _both(name: str) -> tuple[str, str]:
    return f"{name}Left", f"{name}Right"


ACTIONS = tuple(
    Slide(title, "expression", names, 0.0, 0.0, 1.0, "%", PERCENT, 0)
    for title, names in (
        ("Jaw open", ("jawOpen",)), ("Smile", _both("mouthSmile")), ("Frown", _both("mouthFrown")),
        ("Pucker", ("mouthPucker",)), ("Blink", _both("eyeBlink")), ("Wide eyes", _both("eyeWide")),
        ("Brows up", _both("browOuterUp")), ("Brows together", _both("browDown")),
        ("Inner brows up", ("browInnerUp",)), ("Cheeks up", _both("cheekSquint")),
    )
)  # fmt: skip
