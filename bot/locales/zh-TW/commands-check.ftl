command-check = 驗詩
    .description = 檢查你自己寫的詩合不合律，哪裡可以怎麼改；只給你一個人看
command-check-poem = 詩
    .description = 兩句、四句或八句，句間用標點或空格隔開；不填則打開表單
command-check-rhymes = 韻書
    .description = 平仄和押韻依哪一部韻書；預設平水韻
choice-check-rhymes-pingshui = 平水韻
choice-check-rhymes-xinyun = 中華新韻（今音）
