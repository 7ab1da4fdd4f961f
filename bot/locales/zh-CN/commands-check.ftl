command-check = 验诗
    .description = 检查你自己写的诗合不合律，哪里可以怎么改；只给你一个人看
command-check-poem = 诗
    .description = 两句、四句或八句，句间用标点或空格隔开；不填则打开表单
command-check-rhymes = 韵书
    .description = 平仄和押韵依哪一部韵书；默认平水韵
choice-check-rhymes-pingshui = 平水韵
choice-check-rhymes-xinyun = 中华新韵（今音）
