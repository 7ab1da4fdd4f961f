# 伺服器的榮譽榜：成員喜愛的詩。
honor-by = { $linked ->
    [0] 起句：{ $names }
   *[other] 聯句：{ $names }
}
honor-down = 撤下
honor-down-question = 把這首詩永久撤下榮譽榜？成員的收藏不受影響。
honor-down-yes = 是的，撤下
honor-down-done = 已撤下，那則訊息馬上就會消失。
honor-kept = 已收藏這首詩。{ $own ->
    [0] 下方的數字半分鐘內更新。
   *[other] 詩是你寫的，所以你的 ♥ 不計入下方的數字。
}
honor-unkept = 已取消收藏這首詩。{ $own ->
    [0] 下方的數字半分鐘內更新。
   *[other] 詩是你寫的，所以下方的數字不變。
}
honor-not-yours = 只有署名的作者或管理人員可以撤下它。
honor-gone = 這首詩已不在榮譽榜上。
honor-booklet-title = { $month }詩集
honor-booklet = **{ $month }詩集**：本伺服器最受喜愛的 { $count } 首詩
honor-month = { $year } 年 { $month } 月

# 所選的頻道有什麼問題。
anthology-kind = 詩要發在文字頻道裡：{ $channel } 是討論串、論壇或別的類型，請另選一個。
anthology-unknown = 本伺服器沒有這個頻道，請從列表中選擇。
anthology-hidden = 我看不到 { $channel }：請在那裡給我「檢視頻道」權限，或另選頻道。
anthology-permissions = 我在 { $channel } 的權限不夠：請在那裡給我{ $permissions }權限，或另選頻道。
anthology-permission = { $permission ->
    [view_channel] 「檢視頻道」
    [send_messages] 「傳送訊息」
    [attach_files] 「附加檔案」
   *[read_message_history] 「讀取訊息歷史」
}
