// SPDX-License-Identifier: ISC
// The verbs that change names, times and modes: RNFR RNTO MFMT and those behind SITE.
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <cstdlib>
#include <doctest/doctest.h>
#include <optional>
#include <sys/stat.h>

using namespace e2e;
using common::text;

namespace {

const Daemon::Setting writable{.lines = {"anonymous write"}};

struct stat status_of(const Path& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status;
}

mode_t mode_of(const Path& path) { return status_of(path).st_mode & 07777; }

// A daemon that serves "/", so that its tree has two file systems, and a folder for everybody on each.
struct TwoDisks {
    const TempDir here;
    const Path there = [] {
        std::string name = "/dev/shm/suite-XXXXXX";
        return ::mkdtemp(name.data()) == nullptr ? Path{} : Path{name};
    }();
    std::optional<Daemon> daemon;

    explicit TwoDisks(const std::string& anonymous = "anonymous write") {
        if (!are_two()) return;
        for (const Path& folder : {Path{here / "."}, there}) REQUIRE(::chmod(folder.c_str(), 0777) == 0);
        daemon.emplace(Daemon::Setting{.lines = {"root /", anonymous}});
    }
    ~TwoDisks() {
        if (!there.empty()) std::filesystem::remove_all(there);
    }
    bool are_two() const { return !there.empty() && status_of(here / ".").st_dev != status_of(there).st_dev; }
    std::string old_name(std::string_view name) const {
        return Path{here / name}.lexically_normal().native();
    }
    std::string new_name(std::string_view name) const { return (there / name).native(); }
};

void make_folder(FtpClient& client, const std::string& name) { client.command("MKD " + name, 257); }

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("RNFR and RNTO rename a file and a directory and move them") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        client.store("STOR old name", "content");
        make_folder(client, "folder");
        client.command("RNFR old name", 350);
        CHECK(client.command("RNTO folder/new name", 250) == "250 /old name is now /folder/new name.");
        CHECK(read_file(daemon.files() / "folder" / "new name") == "content");
        client.command("RNFR folder", 350);
        client.command("RNTO other", 250);
        CHECK(names_in(daemon.files()) == Words{"other"});
        client.command("CWD other", 250);
        client.command("RNFR new name", 350);
        client.command("RNTO ../"
                       "\xe5\xbc\xa0\xe4\xb8\x89",
                       250);
        CHECK(names_in(daemon.files()) == Words{"other", "\xe5\xbc\xa0\xe4\xb8\x89"});
        daemon.wait_for_log("rename /old name to /folder/new name");
    }

    TEST_CASE("RNTO copies a file to another file system and removes the old one") {
        const TwoDisks disks;
        if (!disks.are_two()) return tests::skip("/dev/shm is no file system of its own");
        FtpClient client = connect_logged_in(*disks.daemon);
        const std::string bytes = make_bytes(1'000'000), file = disks.old_name("file"),
                          moved = disks.new_name("moved");
        client.store("STOR " + file, bytes);
        client.command("SITE CHMOD 640 " + file, 200);
        client.command("MFMT 20200102030405 " + file, 213);
        client.command("RNFR " + file, 350);
        CHECK(client.command("RNTO " + moved, 250) == text("250 ", file, " is now ", moved, '.'));
        CHECK(names_in(disks.there) == Words{"moved"});
        CHECK_FALSE(std::filesystem::exists(file));
        CHECK((client.fetch("RETR " + moved) == bytes));
        CHECK(mode_of(moved) == 0640);
        CHECK(client.command("MDTM " + moved, 213) == "213 20200102030405");

        // Over an old one, and back.
        write_shared(disks.there / "old", "old");
        client.store("STOR " + file, "new");
        client.command("RNFR " + file, 350);
        client.command("RNTO " + disks.new_name("old"), 250);
        CHECK(read_file(disks.there / "old") == "new");
        client.command("RNFR " + moved, 350);
        client.command("RNTO " + file, 250);
        CHECK((read_file(file) == bytes));
        CHECK(names_in(disks.there) == Words{"old"});

        const auto refuse = [&](const std::string& from, const std::string& to) {
            client.command("RNFR " + from, 350);
            return client.command("RNTO " + to, 550);
        };
        client.command("MKD " + disks.old_name("folder"), 257);
        CHECK(refuse(disks.old_name("folder"), moved).find("only a regular file can be moved") !=
              std::string::npos);
        std::filesystem::create_symlink("file", disks.old_name("link"));
        refuse(disks.old_name("link"), moved);
        std::filesystem::create_symlink("old", disks.there / "link");
        refuse(file, disks.new_name("link"));
        std::filesystem::create_directory(disks.there / "full");
        refuse(file, disks.new_name("full"));
        refuse(file, disks.new_name("missing/file"));
        CHECK((read_file(file) == bytes));
        CHECK(names_in(disks.there) == Words{"full", "link", "old"});
    }

    TEST_CASE("ABOR ends a move to another file system and leaves the file where it is") {
        const TwoDisks disks;
        if (!disks.are_two()) return tests::skip("/dev/shm is no file system of its own");
        FtpClient client = connect_logged_in(*disks.daemon);
        const std::string file = disks.old_name("file"), moved = disks.new_name("moved");
        write_shared(file, "x");
        write_shared(disks.there / "moved", "old");
        std::filesystem::resize_file(file, 10'000'000);
        client.send(text("RNFR ", file, "\r\nRNTO ", moved, "\r\nPWD\r\nABOR\r\n"));
        client.expect(350);
        client.expect(250); // ABOR stands behind what waits its turn
        client.expect(257);
        client.expect(226);
        client.command("RNFR " + moved, 350);
        client.send(text("RNTO ", file, "\r\nABOR\r\n"));
        CHECK(client.expect(426) == "426 RNTO is aborted: nothing has changed.");
        client.expect(226);
        client.command("NOOP", 200);
        CHECK(status_of(moved).st_size == 10'000'000);
        CHECK_FALSE(std::filesystem::exists(file));
        CHECK(names_in(disks.there) == Words{"moved"});
        CHECK(names_in(disks.here / ".").empty());
    }

    TEST_CASE("RNTO replaces a file for whoever may overwrite and a directory never loses what is in it") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        client.store("STOR one", "1");
        client.store("STOR two", "2");
        make_folder(client, "full");
        client.store("STOR full/kept", "3");
        client.command("RNFR one", 350);
        client.command("RNTO two", 250);
        CHECK(read_file(daemon.files() / "two") == "1");
        client.command("RNFR two", 350);
        client.command("RNTO full", 550);
        make_folder(client, "empty");
        client.command("RNFR empty", 350);
        client.command("RNTO full", 550);
        client.command("RNFR full", 350);
        CHECK(client.command("RNTO full/inside", 550) ==
              "550 A directory cannot be moved into itself: /full/inside.");
        CHECK(read_file(daemon.files() / "full" / "kept") == "3");
    }

    TEST_CASE("RNTO wants RNFR right before it and only NOOP may stand between") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        client.store("STOR file", "content");
        client.command("RNTO other", 503);
        client.command("RNFR file", 350);
        client.command("NOOP", 200);
        client.command("RNTO other", 250);
        for (const char* const between : {"PWD", "NONSENSE", "RNFR missing", "TYPE I", "STAT"}) {
            client.command("RNFR other", 350);
            client.code_of(between);
            client.command("RNTO third", 503);
        }
        client.command("RNFR other", 350);
        client.command("RNTO", 501);
        client.command("RNFR", 501);
        CHECK(names_in(daemon.files()) == Words{"other"});
    }

    TEST_CASE("what may not be renamed is refused and stays") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        client.store("STOR file", "content");
        client.command("RNFR missing", 550);
        client.command("RNFR .ftpd-file", 553);
        client.command("RNFR /", 350);
        client.command("RNTO top", 550);
        for (const auto& row :
             {std::pair{".ftpd-x", 553}, {"/", 550}, {"no/such/folder", 550}, {"../../etc/x", 550}}) {
            CAPTURE(row.first);
            client.command("RNFR file", 350);
            client.command(text("RNTO ", row.first), row.second);
        }
        CHECK(read_file(daemon.files() / "file") == "content");

        const Daemon reading;
        write_file(reading.files() / "file", "content");
        FtpClient reader = connect_logged_in(reading);
        for (const char* const line : {"RNFR file", "RNTO other", "MFMT 20260101000000 file",
                                       "SITE CHMOD 600 file", "SITE UTIME 20260101000000 file"})
            reader.command(line, 550);
        CHECK(names_in(reading.files()) == Words{"file"});
    }

    TEST_CASE("a symbolic link is renamed itself and what it leads to stays") {
        const Daemon daemon{writable};
        write_shared(daemon.files() / "file", "content");
        std::filesystem::create_symlink("file", daemon.files() / "link");
        FtpClient client = connect_logged_in(daemon);
        client.command("RNFR link", 350);
        client.command("RNTO moved", 250);
        CHECK(std::filesystem::read_symlink(daemon.files() / "moved") == "file");
        CHECK(read_file(daemon.files() / "file") == "content");
    }

    TEST_CASE("MFMT and SITE UTIME set the time that MDTM and MLST then tell") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        client.store("STOR a file", "content");
        CHECK(client.command("MFMT 20200102030405 a file", 213) == "213 Modify=20200102030405; a file");
        CHECK(client.command("MDTM a file", 213) == "213 20200102030405");
        client.command("MFMT 20200102030406.789 a file", 213);
        CHECK(client.command("MLST a file", 250).find("modify=20200102030406;") != std::string::npos);
        client.command("SITE UTIME 20210101000000 a file", 200);
        CHECK(client.command("MDTM a file", 213) == "213 20210101000000");
        client.command("SITE UTIME 202101010102 a file", 200);
        CHECK(client.command("MDTM a file", 213) == "213 20210101010200");
        client.command("SITE UTIME a file 20220101000000 20230101000000 20240101000000 UTC", 200);
        CHECK(client.command("MDTM a file", 213) == "213 20230101000000");
        make_folder(client, "folder");
        client.command("MFMT 19991231235959 folder", 213);
        CHECK(status_of(daemon.files() / "folder").st_mtime == 946684799);
    }

    TEST_CASE("MDTM with a time sets it where no file has a name like that") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        client.store("STOR a file", "x");
        CHECK(client.command("MDTM 20200102030405 a file", 213) == "213 Modify=20200102030405; a file");
        CHECK(client.command("MDTM a file", 213) == "213 20200102030405");
        client.store("STOR 20210102030405 a file", "x");
        client.command("MFMT 19990102030405 20210102030405 a file", 213);
        CHECK(client.command("MDTM 20210102030405 a file", 213) == "213 19990102030405");
        CHECK(client.command("MDTM a file", 213) == "213 20200102030405");
        for (const std::string_view line :
             {"MDTM 20200102030405 missing", "MDTM 20200102030405", "MDTM 20200102030405 ",
              "MDTM 202001020304 a file", "MDTM 20201302030405 a file"}) {
            CAPTURE(line);
            client.command(line, 550);
        }
        CHECK(client.command("MDTM a file", 213) == "213 20200102030405");

        // With the time in front, a name may be too long, and ".." takes away a folder that is not there.
        const std::string long_name(245, 'n');
        client.store("STOR " + long_name, "x");
        client.store("STOR mm", "x");
        for (const std::string& name : {long_name, std::string{"a/../mm"}, std::string{"../mm"}}) {
            CAPTURE(name);
            CHECK(client.command("MDTM 20200101000000 " + name, 213) ==
                  text("213 Modify=20200101000000; ", name));
            CHECK(client.command("MDTM " + name, 213) == "213 20200101000000");
            client.command("MFMT 20190101000000 " + name, 213);
        }

        const Daemon closed{{.lines = {"anonymous read"}}};
        write_file(closed.files() / "file", "x");
        FtpClient reader = connect_logged_in(closed);
        const std::string before = reader.command("MDTM file", 213);
        reader.command("MDTM 20200102030405 file", 550);
        CHECK(reader.command("MDTM file", 213) == before);
    }

    TEST_CASE("CWD ~ leads to the top unless a folder is called that") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        for (const std::string_view line : {"MKD folder", "MKD folder/below"}) client.command(line, 257);
        client.command("CWD folder/below", 250);
        client.command("CWD ~", 250);
        CHECK(client.command("PWD", 257).starts_with("257 \"/\""));
        client.command("CWD ~/folder", 250);
        CHECK(client.command("PWD", 257).starts_with("257 \"/folder\""));
        client.command("CWD ~/../..", 250);
        CHECK(client.command("PWD", 257).starts_with("257 \"/\""));
        client.command("CWD ~/missing", 550);
        client.command("CWD ~root", 550);
        client.command("CWD ~/.ftpd-x", 553);
        client.command("MKD folder/~", 257);
        client.command("CWD folder", 250);
        client.command("CWD ~", 250);
        CHECK(client.command("PWD", 257).starts_with("257 \"/folder/~\""));
        client.command("XCWD ~", 250);
        CHECK(client.command("PWD", 257).starts_with("257 \"/\""));
        client.store("STOR folder/~file", "x");
        client.command("CWD folder", 250);
        client.command("RNFR ~file", 350);
        client.command("RNTO /~", 250); // a file of that name is no folder
        client.command("CWD /", 250);
        client.command("CWD ~", 250);
        client.command("CWD ~/folder", 250);
    }

    TEST_CASE("MFMT and SITE UTIME refuse what is no time or no file") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        client.store("STOR file", "content");
        for (const std::string verb : {"MFMT", "SITE UTIME"}) {
            for (const char* const wrong :
                 {"", " ", " file", " 20200102030405", " 20200102030405 ", " 2020010203040 file",
                  " 20201302030405 file", " noon file", " 20200102030405x file"}) {
                CAPTURE(verb);
                CAPTURE(wrong);
                CHECK(client.code_of(verb + wrong) == 501);
            }
            CHECK(client.command(verb + " 20200102030405 missing", 550) ==
                  "550 missing: No such file or directory.");
            client.command(verb + " 20200102030405 .ftpd-x", 553);
        }
        client.command("SITE UTIME file 20220101000000 nonsense 20240101000000 UTC", 501);
        client.command("MFMT 20200102030405 /", 550);
        CHECK(read_file(daemon.files() / "file") == "content");
    }

    TEST_CASE("SITE CHMOD sets nine bits and no more") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        client.store("STOR a file", "content");
        CHECK(client.command("SITE CHMOD 640 a file", 200) == "200 The mode of /a file is 640.");
        CHECK(mode_of(daemon.files() / "a file") == 0640);
        client.command("site chmod 0755 a file", 200);
        CHECK(mode_of(daemon.files() / "a file") == 0755);
        for (const char* const wrong :
             {"", " 640", " 640 ", " 4755 a file", " 888 a file", " u+x a file", " -1 a file"}) {
            CAPTURE(wrong);
            CHECK(client.code_of(text("SITE CHMOD", wrong)) == 501);
        }
        CHECK(client.command("SITE CHMOD 644 missing", 550) == "550 missing: No such file or directory.");
        client.command("SITE CHMOD 644 .ftpd-x", 553);
        REQUIRE(::mkfifo((daemon.files() / "fifo").c_str(), 0666) == 0);
        CHECK(client.command("SITE CHMOD 644 fifo", 550) ==
              "550 /fifo is neither a regular file nor a directory.");
        CHECK(mode_of(daemon.files() / "a file") == 0755);
        daemon.wait_for_log("chmod 640 /a file");
    }

    TEST_CASE("SITE CHMOD of another's file is refused and nothing outside the tree is reached") {
        if (!is_root()) return tests::skip("only root makes files of another user");
        const Daemon daemon{writable};
        const Path outside = daemon.folder() / "outside";
        write_file(outside, "secret");
        write_file(daemon.files() / "mine", "");
        std::filesystem::create_symlink(outside, daemon.files() / "link");
        FtpClient client = connect_logged_in(daemon);
        client.command("SITE CHMOD 777 mine", 550);
        client.command("SITE CHMOD 777 link", 550);
        client.command("MFMT 20200102030405 link", 550);
        CHECK(mode_of(outside) == 0644);
    }

    TEST_CASE("SITE UMASK holds for this session's new files until REIN") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        CHECK(client.command("SITE UMASK", 200) == "200 The mask is 022.");
        client.command("SITE UMASK 077", 200);
        CHECK(client.command("SITE UMASK", 200) == "200 The mask is 077.");
        client.store("STOR private", "content");
        CHECK(mode_of(daemon.files() / "private") == 0600);
        for (const char* const wrong : {"8", "1000", "x", "077 x"})
            client.command(text("SITE UMASK ", wrong), 501);
        client.command("REIN", 220);
        client.login();
        client.store("STOR public", "content");
        CHECK(mode_of(daemon.files() / "public") == 0644);
        CHECK(connect_logged_in(daemon).command("SITE UMASK", 200) == "200 The mask is 022.");
    }

    TEST_CASE("SITE CKSUM tells what cksum would and SITE HELP what there is") {
        const Daemon daemon;
        const std::string bytes = make_bytes(1 << 20);
        write_file(daemon.files() / "file", bytes);
        FtpClient client = connect_logged_in(daemon);
        CHECK(client.command("SITE CKSUM file", 213) == text("213 ", cksum_of(bytes), " file"));
        client.command("SITE CKSUM", 501);
        client.command("SITE CKSUM missing", 550);
        write_file(daemon.files() / ".ftpd-half", "half");
        client.command("SITE CKSUM half", 550); // who may not continue it
        client.command("SITE CKSUM /", 550);
        const std::string help = client.command("SITE HELP", 214);
        for (const char* const verb : {"LS", "GET", "PUT", "SITE MLSD", "SITE CHMOD", "SITE UMASK",
                                       "SITE UTIME", "SITE CKSUM", "SITE HELP"})
            CHECK(help.find(text("\n ", verb, ' ')) != help.npos);
        CHECK(help.find("\n RETR") == help.npos);
        const Daemon writable{{.lines = {"anonymous upload-only"}}};
        write_file(writable.files() / ".ftpd-half", "half");
        FtpClient uploader = connect_logged_in(writable);
        const std::string half = uploader.command("SITE CKSUM half", 550); // nor read it
        CHECK(half == "550 You may not use SITE CKSUM here.");
        const Daemon open{{.lines = {"anonymous write"}}};
        write_file(open.files() / ".ftpd-half", "half");
        CHECK(connect_logged_in(open).command("SITE CKSUM half", 213) ==
              text("213 ", cksum_of("half"), " half"));
        FtpClient stranger{daemon};
        for (const char* const line :
             {"SITE CKSUM file", "SITE UMASK", "SITE CHMOD 644 file", "SITE UTIME 20200102030405 file"})
            stranger.command(line, 530);
    }
}
