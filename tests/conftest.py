"""What holds for every test: a property is not wrong because the machine is busy."""

from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if settings.get_current_profile_name() != "ci":  # hypothesis chooses that one by itself, for CI
    settings.load_profile("patient")
