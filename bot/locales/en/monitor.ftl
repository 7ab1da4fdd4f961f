# Health, metrics and reports of errors, for the operator.

sentry-missing = SENTRY_DSN needs the SDK of Sentry: pip install sentry-sdk, or unset the variable.

check-sentry = unexpected errors will be reported
