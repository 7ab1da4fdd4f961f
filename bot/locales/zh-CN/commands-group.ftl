# 宿主机器人自己起名的一组命令。
command-group =
    .description = 为一句古诗接下一句
