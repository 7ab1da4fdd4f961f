favourites-heading = 你的收藏
favourites-place = 共 { $count } 条，{ $order ->
    [oldest] 由旧到新
   *[newest] 由新到旧
} · 第 { $page } / { $pages } 页
favourites-none = 你还没有收藏：在 `/poem` 的回答旁点 ♥ 即可收藏。
favourites-choose = 移除其中一条……
favourites-removed = 已移除：{ $verse }
favourites-unknown = 你没有收藏这一条：请从输入时出现的列表中选择。
favourites-gone = 这一条之前已经移除了。
favourites-exported = 你的 { $count } 条收藏。
