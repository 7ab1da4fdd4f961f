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

# 詩集。
favorites-booklet-title = 藏詩集
favorites-booklet = 一本詩集，收有你的 { $count } 筆收藏。
favorites-booklet-latest = 一本詩集最多放 { $most } 筆，這是你 { $count } 筆收藏中最新的；其他格式裡有全部收藏。
favorites-booklet-long = 有 { $count } 筆太長，一頁放不下，沒有收入。
