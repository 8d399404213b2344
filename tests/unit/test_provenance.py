from remint.models.base import model_config
from remint.provenance import PACKAGES, fingerprint


def test_the_fingerprint_names_the_packages_of_the_family():
    packages = model_config("x", {"family": "bert"}).packages
    plain, with_family = (fingerprint([], {}, [], named) for named in ((), packages))
    assert set(packages).isdisjoint(PACKAGES)
    added = set(with_family["parts"]["environment"]) - set(plain["parts"]["environment"])
    assert added == {"transformers"}
    assert plain["fingerprint"] != with_family["fingerprint"]


def test_a_package_that_is_not_installed_is_absent():
    assert fingerprint([], {}, [], ["no-such-package"])["parts"]["environment"]["no-such-package"] == "absent"
