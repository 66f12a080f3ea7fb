// SPDX-License-Identifier: ISC
#include "tests/e2e/busy_ftpd.hh"

#include "tests/e2e/roles.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <sys/stat.h>

namespace e2e {

using common::text;

ServedPlace::ServedPlace() {
    std::filesystem::create_directory(root / "zoe");
    std::filesystem::permissions(root / "zoe", std::filesystem::perms::all);
    write_shared(root / "file", bytes);
    write_shared(root / "small", "content");
    write_shared(root / "zoe" / "hers", "hers");
    write_users();
}

void ServedPlace::write_users(const std::string& password) const {
    const std::string all = "list,read,write,overwrite,delete,rename,mkdir";
    const Path fresh = folder / "users.new";
    write_file(fresh,
               text("zoe:", hash_of(password), ":/zoe:", all, "\nbob:", hash_of("open"), ":/:", all, '\n'));
    REQUIRE(::chmod(fresh.c_str(), 0644) == 0);
    std::filesystem::rename(fresh, folder / "users");
}

Words ServedPlace::lines(Words more) const {
    Words all{"root " + root.native(), text("users ", (folder / "users").native()), "anonymous read",
              "xferlog " + xferlog.native()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

std::size_t ServedPlace::logged(std::string_view path, std::string_view direction) const {
    const std::vector<std::string> all = common::split_lines(read_file(xferlog));
    return static_cast<std::size_t>(std::ranges::count_if(all, [&](const std::string& line) {
        return line.find(text(' ', path, " b _ ", direction, ' ')) != line.npos && line.ends_with(" c");
    }));
}

FtpClient log_in(const Daemon& daemon, const std::string& name, const std::string& password) {
    FtpClient client{daemon};
    client.command("USER " + name, 331);
    client.command("PASS " + password, 230);
    client.command("TYPE I", 200);
    return client;
}

bool lists(const Daemon& daemon, pid_t session) {
    return ask(daemon, {"who"}).find(text('\n', session, ' ')) != std::string::npos;
}

TransferWorker::TransferWorker(const Daemon& daemon, const std::string& name)
    : thread_([this, &daemon, name] {
          try {
              work(daemon, name);
          } catch (const std::exception& failure) {
              failure_ = failure.what();
          }
      }) {}

void TransferWorker::work(const Daemon& daemon, const std::string& name) {
    FtpClient client = log_in(daemon, "bob", "open");
    while (!is_over_) {
        if (client.get("small") != "content") throw Failure{"other bytes came"};
        ++fetched_;
        client.put(name, "bytes");
        ++stored_;
    }
    client.command("QUIT", 221);
}

const std::string& TransferWorker::finish() {
    is_over_ = true;
    if (thread_.joinable()) thread_.join();
    return failure_;
}

std::string end_of_old(const std::string& how) { return is_posix_build() ? "unseen" : how; }

void check_nothing_is_left(Daemon& daemon) {
    std::vector<pid_t> all;
    for (const ProcessStatus& process : below(daemon.pid())) all.push_back(process.pid);
    daemon.stop();
    wait_until_gone(all);
}

void go_on_over(Daemon& daemon, const ServedPlace& place, const std::function<void()>& event) {
    constexpr std::size_t file_size = ServedPlace::file_size;
    const std::string half = place.bytes.substr(0, file_size / 2), rest = place.bytes.substr(file_size / 2);
    FtpClient idle{daemon}, zoe = log_in(daemon, "zoe", "sesame"), fetching = connect_logged_in(daemon),
                            storing = log_in(daemon, "bob", "open"), active = connect_logged_in(daemon),
                            getting{daemon}, putting = log_in(daemon, "bob", "open"), waiting{daemon};
    Connection fetched = begin_transfer(fetching, "RETR file");
    fetched.read_exactly(1000);
    Connection stored = begin_transfer(storing, "STOR stored");
    stored.send(half);
    DataListener listener{"127.0.0.1"};
    active.command("PORT " + listener.port_argument(), 200);
    active.send("RETR file\r\n");
    Connection pushed = listener.accept();
    active.expect(150);
    getting.send("GET file\r\n");
    getting.expect(150);
    putting.command(text("ALLO ", file_size), 200);
    putting.command("PUT put", 150);
    putting.send(half);
    waiting.command("USER zoe", 331);
    const std::vector<const FtpClient*> clients{&idle,   &zoe,     &fetching, &storing,
                                                &active, &getting, &putting,  &waiting};
    std::vector<pid_t> sessions;
    for (const FtpClient* const client : clients) sessions.push_back(session_of(daemon, *client));
    const std::uint64_t accepted = stat_of(daemon, "accepted");

    event();

    for (const pid_t session : sessions) CHECK(lists(daemon, session));
    CHECK(stat_of(daemon, "clients") == clients.size());
    CHECK(stat_of(daemon, "accepted") == accepted);
    CHECK(ask(daemon, {"top"}).find("/stored") != std::string::npos);
    CHECK(text(place.bytes.substr(0, 1000), fetched.read_to_end()) == place.bytes);
    fetching.expect(226);
    stored.send(rest);
    stored.close();
    storing.expect(226);
    CHECK(read_file(place.root / "stored") == place.bytes);
    CHECK(pushed.read_to_end() == place.bytes);
    active.expect(226);
    CHECK(getting.read_exactly(file_size) == place.bytes);
    getting.expect(226);
    putting.send(rest);
    CHECK(putting.expect(226).find(cksum_of(place.bytes)) != std::string::npos);
    idle.command("NOOP", 200);
    CHECK(idle.get("small") == "content");
    CHECK(zoe.fetch("RETR hers") == "hers"); // in a folder of its own
    zoe.command("RETR small", 550);
    waiting.command("PASS sesame", 230); // its pair with authd is the same
    log_in(daemon, "zoe", "sesame").command("QUIT", 221);
    storing.command("NOOP", 200); // which settles the upload

    for (const char* const path : {"/stored", "/put"})
        wait_until("it is logged", [&] { return place.logged(path, "i") == 1; });
    wait_until("all are logged", [&] { return place.logged("/file", "o") == 3; });
    CHECK(stat_of(daemon, "transfers") >= 7);
    for (const pid_t session : sessions) CHECK(is_alive(session));
    // As they end, the keeper tells how.
    idle.command("QUIT", 221);
    CHECK(wait_for_end_of(daemon, sessions[0]) == end_of_old("exit 0"));
    CHECK_FALSE(lists(daemon, sessions[0]));
    CHECK(stat_of(daemon, "clients") == clients.size() - 1);
}

} // namespace e2e
