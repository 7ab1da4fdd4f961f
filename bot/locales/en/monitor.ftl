# Health, metrics and reports of errors, for the operator.

monitor-address = LIANJU_MONITOR cannot listen at { $address } ({ $reason }): choose another port, or an address of this machine.
sentry-missing = SENTRY_DSN needs the SDK of Sentry: pip install sentry-sdk, or unset the variable.

check-monitor = will listen at { $address }
check-sentry = unexpected errors will be reported
