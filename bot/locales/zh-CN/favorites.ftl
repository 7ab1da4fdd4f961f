favorites-heading = 你的收藏
favorites-place = 共 { $count } 条，{ $order ->
    [oldest] 由旧到新
   *[newest] 由新到旧
} · 第 { $page } / { $pages } 页
favorites-by-all = 联句：{ $members }
favorites-none = 你还没有收藏：在回答旁点 ♥ 即可收藏。
favorites-choose = 移除其中一条……
favorites-removed = 已移除：{ $verse }
favorites-unknown = 你没有收藏这一条：请从输入时出现的列表中选择。
favorites-gone = 这一条之前已经移除了。
favorites-exported = 你的 { $count } 条收藏。

# 诗集。
favorites-booklet-title = 藏诗集
favorites-booklet = 一本诗集，收有你的 { $count } 条收藏。
favorites-booklet-latest = 一本诗集最多放 { $most } 条，这是你 { $count } 条收藏中最新的；其他格式里有全部收藏。
favorites-booklet-long = 有 { $count } 条太长，一页放不下，没有收入。
