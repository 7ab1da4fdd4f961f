# Why Lianju cannot be added to somebody's bot, for who programs that bot.

setup-library = Lianju works with discord.py 2.7 and not with { $library }: build the bot on discord.py, or run Lianju as a bot of its own with lianju serve.
setup-version = Lianju needs discord.py 2.7 or later, and this is { $version }: run pip install --upgrade "discord.py>=2.7.1,<2.8".
setup-client = Lianju is added to a discord.ext.commands.Bot or AutoShardedBot, and this is a { $name }: make it one of these.
setup-twice = This bot has Lianju already: unload it first, with await lianju.bot.teardown(bot).
setup-clash = This bot has a command /{ $name } already: make Lianju's a subcommand with setup(bot, group="lianju"), or leave it out with commands=….
setup-group-clash = This bot has a command /{ $name } already: choose another name for group=….
setup-menu-clash = This bot has a message menu “{ $name }” already: choose another name with context_menu=…, or leave it out with context_menu=None.
setup-too-many = Discord allows a bot { $limit } commands, and with Lianju's there are more: make them one with group="lianju", or load fewer with commands=….
setup-too-many-menus = Discord allows a bot { $limit } message menus, and this one has as many: leave Lianju's out with context_menu=None.
setup-unknown-command = { $name } in commands=… is no command of Lianju: choose from { $names }.
setup-group-name = { $name } in group=… is no name of a command: write 1 to 32 lower-case letters, digits, - or _.
setup-menu-name = “{ $name }” in context_menu=… is no name of a menu: write 1 to 32 characters.
