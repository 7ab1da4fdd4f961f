# 詩集。

booklet-title = 詩集要有題目。
booklet-empty = 還沒有詩：詩集至少要有一首。
booklet-poems = 這有{ $size }首詩，一本詩集最多放{ $most }首：請分成幾本。
booklet-hearts = { $hearts }不是紅心數：請給0到{ $most }。
booklet-busy = 正在做的詩集太多了：請過一分鐘再試。

# Discord 上的詩集。
booklet-limit-running = 你的上一本詩集還在做：做好後再試。
booklet-limit-cooldown = 一本一本來：<t:{ $retry_at }:R>可以再做。

# 命令列的詩集。
booklet-poem = 第{ $number }首：{ $reason }
cli-booklet-done = { $path }：{ $poems }首，{ $kilobytes } kB
