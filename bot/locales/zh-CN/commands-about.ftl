command-about = 关于
    .description = 介绍作答的模型：大小、水平、版本、许可证
command-help = 帮助
    .description = 说明每个命令做什么
