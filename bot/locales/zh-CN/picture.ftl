# 诗图。

picture-empty = 没有诗：请写出诗句。
picture-lines = 这有{ $size }句，最多放{ $most }句：请删去一些。
picture-line = 有一句长{ $size }字，每句最多{ $most }字：请分成两句。
picture-characters = 这有{ $size }字，最多放{ $most }字：请删去几句。
picture-title = 题目有{ $size }字，请不要超过{ $most }字。
picture-title-empty = 题目是空的：请写上，或不填题目。
picture-writers = 这有{ $size }位作者，请不要超过{ $most }位。
picture-writer = 有个名字长{ $size }字，请不要超过{ $most }字。
picture-writer-empty = 有位作者没有名字：请去掉，或写上名字。
picture-seal = 印章最多刻{ $most }个汉字，或三个不超过{ $letters }个字母的词：请写短一些。
picture-seal-empty = 印章是空的：请写上字，或不填印章。
picture-missing = 字体里没有{ $missing }：以〓代替。
picture-date = “{ $value }”不是日期：请写成2026-11-30的样子。
picture-busy = 正在画的图太多了：请过几秒再试。

# Discord上的诗图。
answer-picture = 诗图
picture-choose = 要画哪一首？
picture-style = { $style ->
    [ink] 水墨山水
    [night] 月夜
   *[paper] 素笺
}
picture-script = { $script ->
    [simplified] 简体字
   *[traditional] 繁体字
}
picture-post = 发到这里
picture-posted = 由 { $user } 分享
picture-limit-running = 你的上一张图还在画：画好后再试。
picture-limit-cooldown = 一张一张来：<t:{ $retry_at }:R>可以再画。
picture-no-attach = 我不能在这个频道上传文件：请让管理员给我“附加文件”权限，或在私信里生成。
picture-unreadable = 我已经读不懂这条消息了：请再点一次“诗图”。
picture-gone = 这一条已经不在你的收藏里了。
favorites-picture = 把其中一条画成诗图……

# 命令行的诗图。
cli-card-done = { $path }：{ $width }×{ $height }像素，{ $kilobytes } kB
cli-card-dates = --date 和 --no-date 只能给一个。
