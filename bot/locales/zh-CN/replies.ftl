incident = 这里出了点问题：如果再次发生，请报告事件 { $incident }。
page-before = ◀ 上一页
page-after = 下一页 ▶
page-not-yours = 这只供发出命令的人使用：你可以自己用 `{ $slash }{ $command }`。
form-late = 等得太久，表单打不开了：请再试一次。
post-no-right = 你不能在这个频道发消息：请找管理员，或自己留着。
