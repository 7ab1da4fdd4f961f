# 詩圖。

picture-empty = 沒有可以畫的詩：請寫出詩句。
picture-lines = 這有{ $size }句，一張圖最多放{ $most }句。
picture-line = 有一句長{ $size }字，一張圖裡每句最多{ $most }字。
picture-characters = 這有{ $size }字，一張圖最多放{ $most }字。
picture-title = 題目有{ $size }字，請不要超過{ $most }字。
picture-writers = 這有{ $size }位作者，請不要超過{ $most }位。
picture-writer = 有個名字長{ $size }字，請不要超過{ $most }字。
picture-writer-empty = 有位作者沒有名字：請去掉，或寫上名字。
picture-seal = 印章最多刻{ $most }個漢字，或三個不超過{ $letters }個字母的詞：請寫短一些。
picture-missing = 字型裡沒有{ $missing }：以〓代替。
picture-busy = 正在畫的圖太多了：請過幾秒再試。

# 命令列的詩圖。
cli-card-done = { $path }：{ $width }×{ $height }像素，{ $kilobytes } kB
cli-card-exists = { $path }已經存在：請換一個 --out，或用 --force 覆蓋。
cli-card-name = { $path }不是PNG檔名：--out 請以 .png 結尾。
cli-card-dates = --date 和 --no-date 只能給一個。
