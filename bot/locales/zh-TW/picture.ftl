# 詩圖。

picture-empty = 沒有詩：請寫出詩句。
picture-lines = 這有{ $size }句，最多放{ $most }句：請刪去一些。
picture-line = 有一句長{ $size }字，每句最多{ $most }字：請分成兩句。
picture-characters = 這有{ $size }字，最多放{ $most }字：請刪去幾句。
picture-title = 題目有{ $size }字，請不要超過{ $most }字。
picture-title-empty = 題目是空的：請寫上，或不填題目。
picture-writers = 這有{ $size }位作者，請不要超過{ $most }位。
picture-writer = 有個名字長{ $size }字，請不要超過{ $most }字。
picture-writer-empty = 有位作者沒有名字：請去掉，或寫上名字。
picture-seal = 印章最多刻{ $most }個漢字，或三個不超過{ $letters }個字母的詞：請寫短一些。
picture-seal-empty = 印章是空的：請寫上字，或不填印章。
picture-missing = 字型裡沒有{ $missing }：以〓代替。
picture-date = 「{ $value }」不是日期：請寫成2026-11-30的樣子。
picture-busy = 正在畫的圖太多了：請過幾秒再試。

# Discord上的詩圖。
answer-picture = 詩圖
picture-choose = 要畫哪一首？
picture-style = { $style ->
    [ink] 水墨山水
    [night] 月夜
   *[paper] 素箋
}
picture-script = { $script ->
    [simplified] 簡體字
   *[traditional] 繁體字
}
picture-post = 發到這裡
picture-posted = 由 { $user } 分享
picture-limit-running = 你的上一張圖還在畫：畫好後再試。
picture-limit-cooldown = 一張一張來：<t:{ $retry_at }:R>可以再畫。
picture-no-attach = 我不能在這個頻道上傳檔案：請讓管理員給我「附加檔案」權限，或在私訊裡產生。
picture-unreadable = 我已經讀不懂這則訊息了：請再按一次「詩圖」。
picture-gone = 這一則已經不在你的收藏裡了。
favorites-picture = 把其中一則畫成詩圖……

# 命令列的詩圖。
cli-card-done = { $path }：{ $width }×{ $height }像素，{ $kilobytes } kB
cli-card-dates = --date 和 --no-date 只能給一個。
