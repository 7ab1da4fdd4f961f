page-before = ◀ 上一頁
page-after = 下一頁 ▶
page-not-yours = 這些按鈕屬於叫出清單的人：請用 { $command } 查看你自己的。
