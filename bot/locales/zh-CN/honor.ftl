# 服务器的荣誉榜：成员喜爱的诗。
honor-by = { $linked ->
    [0] 起句：{ $names }
   *[other] 联句：{ $names }
}
honor-down = 撤下
honor-down-question = 把这首诗永久撤下荣誉榜？成员的收藏不受影响。
honor-down-yes = 是的，撤下
honor-down-done = 已撤下，那条消息马上就会消失。
honor-kept = 已收藏这首诗。{ $own ->
    [0] 下方的数字半分钟内更新。
   *[other] 诗是你写的，所以你的 ♥ 不计入下方的数字。
}
honor-unkept = 已取消收藏这首诗。{ $own ->
    [0] 下方的数字半分钟内更新。
   *[other] 诗是你写的，所以下方的数字不变。
}
honor-not-yours = 只有署名的作者或管理人员可以撤下它。
honor-gone = 这首诗已不在荣誉榜上。
honor-booklet-title = { $month }诗集
honor-booklet = **{ $month }诗集**：本服务器最受喜爱的 { $count } 首诗
honor-month = { $year } 年 { $month } 月

# 所选的频道有什么问题。
anthology-kind = 诗要发在文字频道里：{ $channel } 是子区、论坛或别的类型，请另选一个。
anthology-unknown = 本服务器没有这个频道，请从列表中选择。
anthology-hidden = 我看不到 { $channel }：请在那里给我“查看频道”权限，或另选频道。
anthology-permissions = 我在 { $channel } 的权限不够：请在那里给我{ $permissions }权限，或另选频道。
anthology-permission = { $permission ->
    [view_channel] “查看频道”
    [send_messages] “发送消息”
    [attach_files] “附加文件”
   *[read_message_history] “阅读消息历史记录”
}
