// SPDX-License-Identifier: ISC
// The server's words in the client's language.
#include "tests/e2e/chat_client.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using namespace e2e;
using common::text;

TEST_SUITE("e2e") {
    TEST_CASE("with lang zh everybody is spoken to in Chinese who chooses nothing else") {
        const Daemon daemon{chatd_with({"lang zh"})};
        ChatClient zhang{daemon}, eve{daemon};
        zhang.send("张三\n\n");
        CHECK(zhang.read_line() == "您的名字：房间密码：您在lobby。输入 /help 查看可用的命令。");
        CHECK(zhang.read_line().starts_with("如果连接中断，可用 /resume "));
        eve.send("/lang en\neve\n\n");
        eve.expect_line("您的名字：From now on in English.");
        eve.expect_line("Your name: Room code: " + welcome_to("lobby"));
        eve.expect_token();
        zhang.expect_line("eve进入了聊天室");
        zhang.say("hello");
        eve.expect_line("张三 say: hello");
        eve.say("hello");
        zhang.expect_line("eve说：hello");
        chatctl(daemon, {"announce", "晚上好"});
        zhang.expect_line("管理员说：晚上好");
        eve.expect_line("administrator say: 晚上好");
        eve.close();
        zhang.expect_line("eve退出了聊天室");
        zhang.say("/kick eve");
        zhang.expect_line("只有管理员可以这样做。");
    }

    TEST_CASE("lang changes the language of one client at once and of what it is shown of before") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "张三"}, bob{daemon, "李四"};
        ada.expect_line("李四 joined");
        ada.say("hello");
        bob.expect_line("张三 say: hello");
        bob.send("/lang fr\n/lang\n/lang zh\n/history 1\n");
        bob.expect_lines({"There is no language fr: en, zh.", "Usage: /lang LANGUAGE", "从现在起使用中文。"});
        bob.expect_earlier("张三说：hello");
        ada.close();
        bob.expect_line("张三退出了聊天室");
        bob.send("/lang en\n/history 1\n");
        bob.expect_line("From now on in English.");
        bob.expect_earlier("张三 left");
    }

    TEST_CASE("a program that is not installed finds the catalogue beside it and through PATH") {
        const std::string program = find_program("chatd");
        for (const Words& wrapper :
             {Words{}, Words{"sh", "-c", "PATH=${1%/*}:$PATH; shift; exec chatd \"$@\"", "sh"}}) {
            Daemon::Setting setting = chatd_with({"lang zh"});
            setting.environment = {"NLSPATH=/nowhere/%N"};
            setting.wrapper = wrapper;
            const Daemon daemon{setting};
            ChatClient zhang{daemon};
            zhang.send("张三\n\n");
            CHECK(zhang.read_line() == "您的名字：房间密码：您在lobby。输入 /help 查看可用的命令。");
            CHECK(daemon.log().find("catalogue") == std::string::npos);
        }
    }

    TEST_CASE("without the catalogue chatd speaks English and says that there is no Chinese") {
        const TempDir folder; // a copy has no catalogue beside it
        std::filesystem::copy_file(find_program("chatd"), (folder / "chatd").native());
        Daemon::Setting setting = chatd_with({"lang zh"});
        setting.environment = {"NLSPATH=/nowhere/%N"};
        setting.wrapper = {"sh", "-c", "shift; exec \"$0\" \"$@\"", folder / "chatd"};
        const Daemon daemon{setting};
        ChatClient ada{daemon};
        ada.send("ada\n\n/lang zh\n");
        const std::string first = ada.read_line();
        if (!first.starts_with("Your name: ")) {
            MESSAGE("skipped: the catalogue is installed where this program looks by itself");
            return;
        }
        CHECK(first == "Your name: Room code: " + welcome_to("lobby"));
        ada.expect_token();
        ada.expect_line("There is no language zh: en.");
        const std::string log = daemon.log();
        const std::size_t said = log.find("no message catalogue for 'zh'");
        CHECK(said != log.npos);
        CHECK(log.find("no message catalogue", said + 1) == log.npos);
    }
}
