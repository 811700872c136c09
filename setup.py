"""What pyproject.toml cannot say: the folder resources/ is installed as studio/_resources."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["studio", "studio.*"]), "studio._resources"],
    package_dir={"studio._resources": "resources"},
)
