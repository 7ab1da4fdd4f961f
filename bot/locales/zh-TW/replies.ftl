incident = 這裡出了點問題：如果再次發生，請回報事件 { $incident }。
page-before = ◀ 上一頁
page-after = 下一頁 ▶
page-not-yours = 這只供下指令的人使用：你可以自己用 `{ $slash }{ $command }`。
form-late = 等得太久，表單打不開了：請再試一次。
post-no-right = 你不能在這個頻道發訊息：請找管理員，或自己留著。
