# 遊戲：四句之中，哪一句是詩人寫的。
guess-heading = 詩人還是機器？
guess-which = 其中一句是詩人接著寫的。是哪一句？
guess-footer = { $ends }結束 · { $difficulty ->
    [hard] 難
   *[easy] 易
}
guess-end = 現在結束
guess-chosen = 你選了 **{ $letter }**，還可以改；本輪 { $ends }結束。
guess-poets = **{ $letter }　{ $line }** · 詩人的 · { guess-count }
guess-lianjus = { $letter }　{ $line } · 聯句的 · { guess-count }
guess-count = { $guesses } 人次
guess-right = 猜對的：{ $names }{ $more ->
    [0] {""}
   *[other] { " " }等
}（{ $guesses } 人中 { $right } 人）
guess-none-right = 聯句騙過了所有人（{ $guesses } 人）。
guess-nobody = 沒有人猜。
guess-over-before = 這一輪已經結束：結果見原訊息。
guess-by = 其餘三句：{ $model }
guess-again = 再來一輪
guess-running = 這個頻道裡正有一輪：{ $ends }結束。
guess-gone = 這一輪已無記錄：用 `{ $slash }guess start` 再開一輪。
guess-not-host = 只有開始這一輪的人或管理員能提前結束：到時會自動結束。
guess-no-anthology = 這裡的模型沒有帶題目和作者的詩：需要營運者換一個模型包。
guess-no-poem = 最近 500 輪沒問過的詩已經沒有了：換一個難度試試。
guess-board-heading = 誰最懂詩人
guess-board-none = 這裡還沒有人猜過：用 `{ $slash }guess start` 開始。
guess-board-alone = 你在這裡還沒有猜過：用 `{ $slash }guess start` 開始。每個伺服器各有自己的榜。
guess-board-footer = 按命中率排列，猜滿 { $least } 次起算 · 第 { $page } 頁，共 { $pages } 頁
guess-score = { $guesses } 次猜中 { $hits } 次（{ $rate } %）· 連中 { $streak } 次，最多 { $best } 次
