# 运行状况、指标与错误报告，写给运行机器人的人。

monitor-address = LIANJU_MONITOR 无法监听 { $address }（{ $reason }）：请换一个端口，或改用本机的地址。
sentry-missing = SENTRY_DSN 需要 Sentry 的 SDK：pip install sentry-sdk，或取消该设置。

check-monitor = 将监听 { $address }
check-sentry = 将报告意外的错误
