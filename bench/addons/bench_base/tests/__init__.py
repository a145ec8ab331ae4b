from . import test_item
