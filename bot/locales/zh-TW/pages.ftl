page-before = ◀ 上一頁
page-after = 下一頁 ▶
page-not-yours = 這只供下指令的人使用：你可以自己用 { $command }。
