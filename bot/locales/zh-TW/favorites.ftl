favorites-heading = 你的收藏
favorites-place = 共 { $count } 筆，{ $order ->
    [oldest] 由舊到新
   *[newest] 由新到舊
} · 第 { $page } / { $pages } 頁
favorites-by-all = 聯句：{ $members }
favorites-none = 你還沒有收藏：在回答旁按 ♥ 就能收藏。
favorites-choose = 移除其中一筆……
favorites-removed = 已移除：{ $verse }
favorites-unknown = 你沒有收藏這一筆：請從輸入時出現的清單中選擇。
favorites-gone = 這一筆先前已經移除了。
favorites-exported = 你的 { $count } 筆收藏。
