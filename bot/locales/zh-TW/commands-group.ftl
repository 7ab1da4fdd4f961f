# 宿主機器人自己取名的一組指令。
command-group =
    .description = 為一句古詩接下一句
