command-privacy = 隱私
    .description = 儲存了關於你的什麼資料，以及如何刪除
