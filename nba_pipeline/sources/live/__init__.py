"""Live sources: what is asked on the web, how, and where it lands. Nothing is interpreted here.

A payload lands unchanged, under these words (``landing.py`` has the layout of a folder):

==============  ===================  ======================  =====  ==============================
source          kind                 name                    type   what
==============  ===================  ======================  =====  ==============================
nbac            schedule             season, ``2024-25``     json   scheduleleaguev2int
nbac            schedule_cdn         season                  json   the same, from the other host
nbac            player_list          season                  json   playerindex
nbac            player_boxscore      ``regular_season``,     json   leaguegamelog of one day
                                     ``play_in``,
                                     ``playoffs``
nbac            team_boxscore        game id, ten digits     json   boxscoretraditionalv3
nbac            team_boxscore_v2     game id                 json   boxscoretraditionalv2
nbac            play_by_play         game id                 json   live data of cdn.nba.com
nbac            injury_report        ``05PM``, ``05_30PM``   pdf    one report
nbac            gamebook             game id                 pdf    active, did not play, inactive
nbac            referee              ``all``                 json   the day's officials
oddsa           events               ``all``                 json   a list
oddsa           player_props         event id                json   one event, player_points
oddsa           game_lines           event id                json   one event, spreads and totals
oddsa           events_history       ``all``                 json   wrapped: timestamp, data
oddsa           player_props_history event id                json   wrapped
oddsa           game_lines_history   event id                json   wrapped
bp              events               ``all``                 json   BettingPros
bp              player_props         ``156-p1``, …           json   offers, a page each
espn            roster               team, ``BOS``           json   one team
bdl             box_scores           ``all-p1``, …           json   balldontlie, a page each
bdl             injuries             ``all-p1``, …           json   the same
bigdataball     play_by_play         game id                 csv    from a folder of exports
==============  ===================  ======================  =====  ==============================

The day is the NBA day that was asked for: the game's, the report's, or the day of asking for what
is about no day (schedule, player list, rosters). Answers without a single row are not kept.
"""
