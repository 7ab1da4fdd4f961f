# 執行狀況、指標與錯誤報告，寫給執行機器人的人。

sentry-missing = SENTRY_DSN 需要 Sentry 的 SDK：pip install sentry-sdk，或取消該設定。

check-sentry = 將回報非預期的錯誤
