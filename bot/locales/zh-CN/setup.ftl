# 为什么不能把 Lianju 加进别人的机器人，写给那个机器人的开发者。

setup-library = Lianju 需要 discord.py 2.7，不支持 { $library }：请改用 discord.py，或用 lianju serve 单独运行。
setup-version = Lianju 需要 discord.py 2.7 或更高版本，而这里是 { $version }：请运行 pip install --upgrade "discord.py>=2.7.1,<2.8"。
setup-client = Lianju 要加进 discord.ext.commands.Bot 或 AutoShardedBot，而这是 { $name }：请改用其中之一。
setup-twice = 这个机器人里已有 Lianju：请先用 await lianju.bot.teardown(bot) 卸载。
setup-clash = 这个机器人已有命令 /{ $name }：请用 setup(bot, group="lianju") 把 Lianju 的变成子命令，或用 commands=… 略去它。
setup-group-clash = 这个机器人已有命令 /{ $name }：请给 group=… 换一个名称。
setup-menu-clash = 这个机器人已有消息菜单“{ $name }”：请用 context_menu=… 换一个名称，或用 context_menu=None 略去它。
setup-too-many = Discord 只允许 { $limit } 个命令，加上 Lianju 的就超过了：请用 group="lianju" 合成一个，或用 commands=… 少加几个。
setup-too-many-menus = Discord 只允许 { $limit } 个消息菜单，这个机器人已经用完：请用 context_menu=None 略去 Lianju 的。
setup-unknown-command = commands=… 里的 { $name } 不是 Lianju 的命令：请从 { $names } 中选择。
setup-group-name = group=… 里的 { $name } 不能作命令的名称：请写 1 到 32 个小写字母、数字、- 或 _。
setup-menu-name = context_menu=… 里的“{ $name }”不能作菜单的名称：请写 1 到 32 个字符。
