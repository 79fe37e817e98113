"""Functions whose operations are imported when they are first called."""

from chainrule.ops.late_operations import FUNCTION_NAMES


def test_every_registered_function_is_public_in_its_module() -> None:
    for namespace, modules in FUNCTION_NAMES.items():
        for module, names in modules.items():
            missing = set(names.split()) - set(module().__all__)
            assert not missing, (namespace, missing)


def test_every_public_function_of_a_module_of_scipy_is_registered() -> None:
    for namespace in ("scipy.linalg", "scipy.special"):
        for module, names in FUNCTION_NAMES[namespace].items():
            assert set(module().__all__) <= set(names.split())
