/* SPDX-License-Identifier: ISC
 * Two handlers, the hub, what the keeper has, and the log of one room, with deaths of the hub at every step and
 * of a handler (spin(1)). `make model' checks that each line stands in the log once and in its speaker's order,
 * that each request is answered once and with what is true after any death, that a handler comes to the end
 * of the log, and that nothing waits or goes round for ever. A hub that hands over to one of another version is
 * one that dies at a quiet moment, with all deposited: that is among these deaths.
 * Without any one of these rules it must fail: */
#define none                0
#define tail_is_known       1 /* what the log's tail has of a speaker is not written again */
#define each_line_counts    2 /* a say of two lines takes two serials: its first may stand without its second */
#define again_is_numbered   3 /* what comes before the `here' to a hub's own `again' is dropped */
#define handler_repeats     4 /* what is unanswered when `again' comes */
#define again_wakes         5 /* the old hub may have written, or marked news, and then woken nobody */
#define deposit_first       6 /* an answer goes out when the keeper is sure to have what it rests on */
#define done_is_deposited   7 /* the serial of what no log shows, together with its effect */
#define told_once           8 /* a private word has its sender's serial, and the recipient looks */
#define tail_completes      9 /* who has `joined' in the tail is inside, even if that was not deposited */
#define left_then_withdrawn 10
#define place_stays_behind  11 /* the place to read from is before all lines that are not answered */
#define place_waits         12 /* in a new hub, until all that it took over are heard and answered */
#define write_then_wake     13 /* the hub's fence: what it wrote is there before it looks who sleeps */
#define mark_then_look      14 /* the handler's fence: it is marked awake before it reads */
#define news_forbid_sleep   15 /* it falls asleep only if the hub has written nothing since */
#define last_is_repeated    16 /* what a handler said last before it ended may have been said to two hubs */
#define farewell_waits      17 /* who is thrown out hears it when its end is deposited, as an answer does */
#define farewell_is_kept    18 /* and is deposited with it, and said again by the next hub */
#define left_is_completed   19 /* who has `left' in the tail, and has not ended, hears it, too */
#define kick_is_completed   20 /* one whose line stands in the tail, when it is asked for again */
#ifndef WITHOUT
#define WITHOUT none
#endif
#define has(rule) (WITHOUT != rule)
#ifndef HUB_DEATHS
#define HUB_DEATHS 2
#endif

/* What the clients do, by serial: both enter; 0 says two lines and turns something round, or throws 1 out, whose
 * handler ends in no other way then; 1 tells 0 a word. */
#define ENTER 1
#define SAY   2 /* and 3 */
#define TURN  4
#define TELL  5
#define DONE  6
#define LEFT  7 /* not a request: its handler has ended */
#define after(who, what) (what == ENTER -> (who -> TELL : SAY) : (what == SAY -> TURN : DONE))

mtype = { again, wake, answer, told, dismissed, here, request, awake, asleep, news, outside, inside, withdrawn }
chan to_handler[2] = [6] of { mtype, byte };
chan to_hub[2] = [6] of { mtype, byte, bit }; /* the last: `here' says that a request is open;
                                             what is in it outlives the hub: the keeper holds its end, too */
mtype word = awake;                      /* of handler 1, which reads the log; 0 would do the same */
byte asked[2], next[2] = ENTER, seen, words_shown;
bool one_ends, kicks, gone[2];

/* The log. */
byte speaker[6], line[6], length, newest[2];
/* What was deposited: what the pair with the keeper has taken is not lost, and comes in order. */
mtype kept_where[2] = outside;
byte kept_done[2], kept_place;
bit kept_turned[2];
/* What the hub loses with its life; batch and by: what is to be written at the end of this round. */
byte last[2], done[2], taken[2], owed[2], batch[4], by[4], lines, first, i, n;
byte passed_over;                        /* of handler 1, its last request that was not for this hub */
mtype where[2], found;
bit turned[2];
bool heard[2], settled[2];
byte deaths_left = HUB_DEATHS, generation;

#define may_die if :: deaths_left -> deaths_left--; goto dead :: true fi
inline send(client, frame, number) {
    if :: gone[client] :: else -> assert(nfull(to_handler[client])); to_handler[client]!frame(number) fi
}

/* Nothing more of 1 is taken, and its end is deposited at the end of this round. */
inline let_go() { where[1] = outside; owed[1] = LEFT; taken[1] = LEFT; heard[1] = true }

inline throw_out() {
    if :: last[0] != TURN -> by[lines] = 0; batch[lines] = TURN; lines++ :: else fi;
    if :: last[1] != LEFT -> by[lines] = 1; batch[lines] = LEFT; lines++ :: else fi;
    if :: !has(farewell_waits) -> send(1, dismissed, 0) :: else fi;
    let_go()
}

inline take_over() {
    atomic {
        generation++;
        for (i : 0 .. 1) {
            where[i] = kept_where[i]; done[i] = kept_done[i]; turned[i] = kept_turned[i];
            heard[i] = generation == 1 || !has(again_is_numbered);
            settled[i] = generation == 1 || where[i] == withdrawn
        }
        for (n : kept_place + 1 .. length) { /* the tail */
            if :: has(tail_is_known) -> last[speaker[n - 1]] = line[n - 1] :: else fi;
            if :: has(tail_completes) && line[n - 1] == ENTER -> where[speaker[n - 1]] = inside :: else fi
        }
        if
        :: kicks && where[1] == inside && last[1] == LEFT && has(left_is_completed) -> let_go()
        :: kicks && where[1] == withdrawn && has(farewell_is_kept) -> send(1, dismissed, 0)
        :: else
        fi;
        i = 0; n = 0 }
    do
    :: atomic { i < 2 && generation > 1 -> may_die;
        if :: where[i] != withdrawn && owed[i] != LEFT -> send(i, again, generation) :: else fi;
        i++ }
    :: atomic { i == 2 || generation == 1 -> i = 0; break }
    od
}

/* A request, or the end of a handler. What goes into the log waits for the end of the round. */
inline take(who, what) {
    if
    :: !heard[who] && what != LEFT -> if :: who == 1 -> passed_over = what :: else fi
    :: what <= taken[who] /* only without again_is_numbered */
    :: else ->
        assert(!owed[who] && (what == ENTER || what == LEFT || where[who] == inside));
        taken[who] = what;
        owed[who] = what;
        if
        :: what == TURN && kicks ->
            if
            :: where[1] == inside && (last[0] != TURN || has(kick_is_completed)) -> throw_out()
            :: else
            fi
        :: (what == LEFT && where[who] != inside) || (what == TURN && !kicks) || what == TELL
        :: what != TURN && what <= last[who] && (what != SAY || !has(each_line_counts) || last[who] > SAY)
        :: else ->
            if :: what > last[who] -> by[lines] = who; batch[lines] = what; lines++ :: else fi;
            if :: what == SAY -> by[lines] = who; batch[lines] = SAY + 1; lines++ :: else fi
        fi;
        if
        :: ((what == TURN && !kicks) || what == TELL) && (done[who] != what || !has(done_is_deposited)) ->
            if :: what == TURN -> turned[who] = 1 - turned[who] :: else -> send(1 - who, told, what) fi;
            done[who] = what
        :: what == LEFT && !has(left_then_withdrawn) -> kept_where[who] = withdrawn
        :: else
        fi
    fi
}

/* What a handler that has ended said last is done, if nothing else will: it cannot repeat it. */
inline lose_handler() {
    if
    :: !heard[1] && passed_over ->
        if :: !has(last_is_repeated) -> last[1] = 0 :: else fi;
        heard[1] = true;
        take(1, passed_over);
        if :: owed[1] == ENTER -> where[1] = inside :: else fi;
        owed[1] = 0; passed_over = 0
    :: else
    fi;
    take(1, LEFT)
}

inline deposit(who) {
    if
    :: owed[who] == ENTER -> where[who] = inside
    :: owed[who] == LEFT -> where[who] = withdrawn
    :: else
    fi;
    kept_where[who] = where[who]; kept_done[who] = done[who]; kept_turned[who] = turned[who]
}
inline give_answer(who) {
    if
    :: owed[who] != LEFT -> send(who, answer, owed[who])
    :: owed[who] == LEFT && kicks && has(farewell_waits) -> send(who, dismissed, 0)
    :: else
    fi
}

inline settle(who) {
    atomic { owed[who] -> may_die; if :: has(deposit_first) -> deposit(who) :: else -> give_answer(who) fi }
    atomic { may_die; if :: has(deposit_first) -> give_answer(who) :: else -> deposit(who) fi;
        owed[who] = 0; settled[who] = true }
}

inline wake_reader() {
    if
    :: atomic { where[1] == inside -> may_die; found = word; word = news }
        atomic { may_die; if :: found == asleep -> send(1, wake, 0) :: else fi; found = 0 }
    :: else
    fi
}

inline end_round() {
    first = length;
    if :: !has(write_then_wake) -> wake_reader() :: else fi;
    do
    :: atomic { n < lines -> may_die;
        assert(batch[n] == LEFT -> newest[by[n]] != LEFT : batch[n] == newest[by[n]] + 1); /* once, in order */
        newest[by[n]] = batch[n]; speaker[length] = by[n]; line[length] = batch[n]; length++; n++ }
    :: atomic { n == lines -> if :: !has(place_stays_behind) -> kept_place = length :: else fi; break }
    od;
    if :: settle(0) :: !owed[0] fi;
    if :: settle(1) :: !owed[1] fi;
    if :: has(write_then_wake) -> wake_reader() :: else fi;
    atomic {
        if :: lines && ((settled[0] && settled[1]) || !has(place_waits)) -> kept_place = first :: true fi; /* seldom */
        for (n : 0 .. 3) { by[n] = 0; batch[n] = 0 }
        lines = 0; first = 0; n = 0 }
}

inline hear(who) {
    if
    :: frame == here ->
        if
        :: number == generation ->
            heard[who] = true; settled[who] = !open;
            if :: who == 1 -> passed_over = 0 :: else fi
        :: else
        fi
    :: else -> take(who, number)
    fi;
    frame = 0; number = 0; open = 0
}

active proctype Hub() {
    byte number; mtype frame; bit open;
next_hub:
    take_over();
end:
    do
    :: atomic { nempty(to_hub[0]) -> may_die; to_hub[0]?frame(number,open); hear(0) }
        if :: atomic { owed[0] == TURN && !kicks -> skip } settle(0) :: else fi
    :: atomic { nempty(to_hub[1]) -> may_die; to_hub[1]?frame(number,open); hear(1) }
        if :: atomic { owed[1] == TELL -> skip } settle(1) :: else fi
    :: atomic { gone[1] && empty(to_hub[1]) && where[1] != withdrawn && !owed[1] -> may_die; lose_handler() }
    :: owed[0] || owed[1] -> end_round()
    od;
dead:
    atomic {
        for (n : 0 .. 3) { by[n] = 0; batch[n] = 0 }
        for (i : 0 .. 1) {
            last[i] = 0; done[i] = 0; taken[i] = 0; owed[i] = 0; where[i] = 0; turned[i] = 0; heard[i] = 0;
            settled[i] = 0
        }
        lines = 0; first = 0; passed_over = 0; found = 0; number = 0; frame = 0; open = 0; i = 0; n = 0;
        goto next_hub }
}

proctype Handler(byte me) {
    byte number; mtype frame; bool looks, at_end;
end:
    do
    :: atomic { !asked[me] && next[me] != DONE ->
        asked[me] = next[me]; to_hub[me]!request(asked[me],0); next[me] = after(me, asked[me]) }
    :: atomic { to_handler[me]?frame(number) ->
        if
        :: frame == answer ->
            assert(number == asked[me] && (number != SAY || newest[me] > SAY));
            asked[me] = 0;
            looks = looks || (me == 1 && number == ENTER)
        :: frame == told ->
            if :: !words_shown || !has(told_once) -> words_shown++ :: else fi;
            assert(words_shown == 1)
        :: frame == dismissed ->
            assert(newest[0] == TURN && newest[1] == LEFT && kept_where[1] == withdrawn);
            asked[1] = 0; seen = 0; next[1] = 0;
            gone[1] = true;
            goto ended
        :: frame == again ->
            to_hub[me]!here(number,asked[me] != 0);
            if :: asked[me] && has(handler_repeats) -> to_hub[me]!request(asked[me],0) :: else fi
        :: else
        fi;
        if
        :: me == 1 && (frame == wake || (frame == again && has(again_wakes))) ->
            if :: has(mark_then_look) -> word = awake :: else fi;
            looks = true; at_end = false
        :: else
        fi;
        frame = 0; number = 0 }
    :: atomic { looks && !at_end -> seen = length; at_end = true }
    :: atomic { looks && at_end ->
        if :: !has(mark_then_look) -> word = awake :: else fi;
        if
        :: word == news && has(news_forbid_sleep) -> word = awake
        :: else -> word = asleep; looks = false
        fi;
        at_end = false }
    :: atomic { me == 1 && one_ends ->
        gone[1] = true; asked[1] = 0; seen = 0; next[1] = 0; looks = 0; at_end = 0; break }
    od;
ended:
    skip
}

init {
    atomic { if :: one_ends = true :: kicks = true :: true fi; run Handler(0); run Handler(1) }
    atomic { timeout -> /* nobody can do anything more */
        assert(!asked[0] && next[0] == DONE && (kicks || kept_turned[0] == 1));
        assert(gone[1] || !kicks || newest[0] != TURN);
        if
        :: gone[1] -> assert((!newest[1] || newest[1] == LEFT) && kept_where[1] == withdrawn)
        :: else -> assert(!asked[1] && next[1] == DONE && seen == length && words_shown == 1)
        fi }
}
