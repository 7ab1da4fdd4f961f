command-about = 關於
    .description = 介紹作答的模型：大小、水準、版本、授權條款
command-help = 說明
    .description = 說明每個指令做什麼
