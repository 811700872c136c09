"""What pyproject.toml cannot say: resources/ is installed as studio/_resources, models/ as
studio/_models."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["studio", "studio.*"]),
        "studio._resources",
        "studio._models",
    ],
    package_dir={"studio._resources": "resources", "studio._models": "models"},
)
