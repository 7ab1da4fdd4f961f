page-before = ◀ 上一页
page-after = 下一页 ▶
page-not-yours = 这些按钮属于要求列表的人：请用 { $command } 查看你自己的。
