# 运行状况、指标与错误报告，写给运行机器人的人。

sentry-missing = SENTRY_DSN 需要 Sentry 的 SDK：pip install sentry-sdk，或取消该设置。

check-sentry = 将报告意外的错误
