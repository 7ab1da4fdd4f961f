# 為什麼不能把 Lianju 加進別人的機器人，寫給那個機器人的開發者。

setup-library = Lianju 需要 discord.py 2.7，不支援 { $library }：請改用 discord.py，或用 lianju serve 單獨執行。
setup-version = Lianju 需要 discord.py 2.7 或更新的版本，而這裡是 { $version }：請執行 pip install --upgrade "discord.py>=2.7.1,<2.8"。
setup-client = Lianju 要加進 discord.ext.commands.Bot 或 AutoShardedBot，而這是 { $name }：請改用其中之一。
setup-twice = 這個機器人裡已有 Lianju：請先用 await lianju.bot.teardown(bot) 卸載。
setup-clash = 這個機器人已有指令 /{ $name }：請用 setup(bot, group="lianju") 把 Lianju 的變成子指令，或用 commands=… 略去它。
setup-group-clash = 這個機器人已有指令 /{ $name }：請給 group=… 換一個名稱。
setup-menu-clash = 這個機器人已有訊息選單「{ $name }」：請用 context_menu=… 換一個名稱，或用 context_menu=None 略去它。
setup-too-many = Discord 只允許 { $limit } 個指令，加上 Lianju 的就超過了：請用 group="lianju" 合成一個，或用 commands=… 少加幾個。
setup-too-many-menus = Discord 只允許 { $limit } 個訊息選單，這個機器人已經用完：請用 context_menu=None 略去 Lianju 的。
setup-unknown-command = commands=… 裡的 { $name } 不是 Lianju 的指令：請從 { $names } 中選擇。
setup-group-name = group=… 裡的 { $name } 不能作指令的名稱：請寫 1 到 32 個小寫字母、數字、- 或 _。
setup-menu-name = context_menu=… 裡的「{ $name }」不能作選單的名稱：請寫 1 到 32 個字元。
