# 诗集。

booklet-title = 诗集要有题目。
booklet-empty = 还没有诗：诗集至少要有一首。
booklet-poems = 这有{ $size }首诗，一本诗集最多放{ $most }首：请分成几本。
booklet-hearts = { $hearts }不是红心数：请给0到{ $most }。
booklet-busy = 正在做的诗集太多了：请过一分钟再试。

# Discord 上的诗集。
booklet-limit-running = 你的上一本诗集还在做：做好后再试。
booklet-limit-cooldown = 一本一本来：<t:{ $retry_at }:R>可以再做。

# 命令行的诗集。
booklet-poem = 第{ $number }首：{ $reason }
cli-booklet-done = { $path }：{ $poems }首，{ $kilobytes } kB
