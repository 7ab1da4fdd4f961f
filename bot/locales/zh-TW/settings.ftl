settings-heading = 這個伺服器的設定
settings-name = { $setting ->
    [beam_size] 束寬
    [candidates] 候選數
    [cooldown_s] 冷卻時間
    [honor_page] 榮譽榜
    [linked_tables] 每個頻道的詩席數
    [channels] 頻道
    [script] 簡繁
   *[language] 語言
}
settings-seconds = { $seconds ->
    [0] 無
   *[other] { $seconds } 秒
}
settings-everywhere = 所有頻道
settings-script-is = { $script ->
    [simplified] 簡體
    [traditional] 繁體
   *[auto] 跟隨成員的詩句
}
settings-language-auto = 跟隨各成員
settings-default = **{ $name }**：{ $value }（預設）
settings-other = **{ $name }**：{ $value }（預設：{ $default }）
settings-change = **{ $name }**：{ $before } → { $value }
settings-how = 每一項都有自己的指令，例如 `{ $slash }settings beam-size`；`{ $slash }settings reset` 會全部恢復預設。
settings-applies = 從下一次請求起生效。
settings-same = **{ $name }**沒有變動：{ $value }。
settings-floor = 這樣寬的束，冷卻時間至少為 { settings-seconds }。
settings-reset = 已恢復預設：
settings-reset-same = 所有設定本來就是預設值。
settings-where = 成員可以在哪裡求詩
settings-where-now = 目前：{ $channels }。
settings-where-saved = 已儲存：{ $channels }。從下一次請求起生效。
settings-where-how = 討論串和貼文跟隨所屬頻道。一個都不選，就是允許所有頻道。
settings-where-choose = 所有頻道：可選擇只限某些頻道
settings-forbidden = 只有具備「管理伺服器」權限的成員才能查看或變更這些設定。
settings-anthology-off = 關閉
settings-anthology-on = { $channel }，滿 { $threshold } 個 ♥
settings-anthology-how = 作者自己的 ♥ 不算。已經夠數的詩，再得一個 ♥ 時上榜。
settings-anthology-ended = 已發出的詩留在那裡，作者仍可撤下自己的詩。
settings-fault = { $fault ->
    [gone] 榮譽榜無法發詩：它的頻道已被刪除。請用 `{ $slash }settings anthology` 另選頻道。
   *[forbidden] 榮譽榜無法發詩：請在它的頻道裡給我「檢視頻道」、「傳送訊息」、「附加檔案」和「讀取訊息歷史」權限，再用 `{ $slash }settings anthology` 重新設定。
}
