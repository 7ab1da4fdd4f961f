from hypothesis import settings

# How long an example takes says more about what else runs on the machine.
settings.register_profile("lianju", deadline=None)
settings.load_profile("lianju")
