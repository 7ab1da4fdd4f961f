command-privacy = 隐私
    .description = 保存了关于你的什么数据，以及如何删除
