"""What the demonstrations are made with is there, and is as the configuration says."""

import os

from runner.config import repositories as config
from tests.demonstrations.subject import ROOT, example


def test_the_example_is_a_module_with_tests_and_the_images_are_two_names() -> None:
    subject = example(os.environ)
    images = next(iter(config.load(ROOT, os.environ).repositories.values())).images
    assert subject.images == {"odoo": images.odoo, "postgres": images.postgres}
    assert (subject.checkout / subject.addons / subject.module / "tests/__init__.py").is_file()
    assert subject.compose_file.is_file()
