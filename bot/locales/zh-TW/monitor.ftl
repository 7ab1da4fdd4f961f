# 執行狀況、指標與錯誤報告，寫給執行機器人的人。

monitor-address = LIANJU_MONITOR 無法監聽 { $address }（{ $reason }）：請換一個連接埠，或改用本機的位址。
sentry-missing = SENTRY_DSN 需要 Sentry 的 SDK：pip install sentry-sdk，或取消該設定。

check-monitor = 將監聽 { $address }
check-sentry = 將回報非預期的錯誤
