// SPDX-License-Identifier: ISC
// The rows of whole folders: fcp, in the clear and under TLS, against what people copy many small files with.
// All are programs that run from their start to their end, and what they have copied is counted.
#include "tests/bench/connection.hh"
#include "tests/bench/contest.hh"
#include "tests/bench/ftp_servers.hh"
#include "tests/bench/parts.hh"
#include "tests/bench/program.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace bench {
namespace {

namespace fs = std::filesystem;
using common::text;

constexpr unsigned folders = 50, files_in_each = 100, size_of_file = 4096;
constexpr unsigned all_files = folders * files_in_each;

// The folder that is copied, where copies go, and what a server serves of it.
struct Folders {
    explicit Folders(const std::string& scratch)
        : root(scratch + "/copy"), tree(root + "/tree"), in(root + "/in"), got(scratch + "/got") {
        for (unsigned folder = 0; folder < folders; ++folder) {
            const std::string below = text(tree, "/folder-", folder);
            fs::create_directories(below);
            for (unsigned file = 0; file < files_in_each; ++file)
                if (!(std::ofstream{text(below, "/file-", file)} << std::string(size_of_file, 'x')))
                    common::fail("write", below);
        }
        clear();
    }
    void clear() const {
        for (const std::string& each : {in, got}) {
            fs::remove_all(each);
            fs::create_directories(each);
            ::chmod(each.c_str(), 0777);
        }
    }
    std::string root, tree, in, got;
};

// A key for the server, one for the client, and the client as a program that needs no more words; its path.
std::string make_ssh(const Setting& setting, const std::string& peers) {
    const std::string place = setting.scratch + "/ssh-";
    for (const std::string key : {"host", "user"})
        run_program(text(peers, "/ssh/run ssh-keygen -q -t ed25519 -N '' -f ", place, key), place + "output");
    std::ofstream{place + "client"} << "#!/bin/sh\nexec " << peers
                                    << "/ssh/run ssh -F none -o StrictHostKeyChecking=no -o LogLevel=ERROR "
                                       "-o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes -i "
                                    << place << "user \"$@\"\n";
    fs::permissions(place + "client", fs::perms{0755});
    return place + "client";
}

class Contest {
public:
    Contest(const Setting& setting, Samples& samples)
        : setting_(setting),
          samples_(samples),
          place_(setting.scratch),
          certificate_(make_certificate(setting)),
          ftpd_(setting, {{"ROOT", place_.root}}),
          sshd_(setting, {{"SSH", setting.scratch + "/ssh-"}}) {
        ftpd_.add_suite("ftpd", {text("certificate ", certificate_.certificate, ' ', certificate_.key)});
        try {
            ssh_ = make_ssh(setting, peers_);
        } catch (const Failure&) {
            return; // lineup names what is missing below
        }
        sshd_.add_peer("sshd", "sshd", "sshd", {"-D", "-e", "-f", "@CONF@"});
    }

    void hold(std::string_view row, bool fetches, bool has_tls) {
        if (!setting_.wants(row)) return;
        std::vector<Contender> contenders;
        const auto add = [&](const std::string& subject, const std::string& command) {
            contenders.push_back({row, subject, [this, command, fetches] {
                                      place_.clear();
                                      return copy_rate(command, setting_.scratch + "/output-copy",
                                                       fetches ? place_.got : place_.in, all_files,
                                                       size_of_file);
                                  }});
        };
        for (const Running& server : ftpd_.all()) {
            const std::string url = text("ftp://localhost:", server.port(), '/');
            const std::string fcp = text(setting_.builds.at(server.subject), "/fcp -rq ",
                                         has_tls ? "--tls --ca-file " + certificate_.certificate + ' ' : "");
            add(server.subject,
                fetches ? text(fcp, url, "tree ", place_.got) : text(fcp, place_.tree, ' ', url, "in/"));
        }
        // Under TLS they are held against these, too.
        if (!has_tls) add("lftp mirror", lftp(fetches));
        if (!has_tls && !sshd_.all().empty()) add_ssh(add, fetches);
        hold_contest(samples_, contenders, setting_.rounds);
    }

private:
    std::string lftp(bool fetches) const {
        return text(peers_,
                    "/lftp/run -c 'set cmd:fail-exit yes; set net:max-retries 1; set ftp:ssl-allow no; "
                    "open localhost:",
                    ftpd_.all().front().port(), "; ",
                    fetches ? text("mirror tree ", place_.got, "/tree")
                            : text("mirror -R ", place_.tree, " in/tree"),
                    '\'');
    }

    template <class Add>
    void add_ssh(const Add& add, bool fetches) const {
        const std::string port = std::to_string(sshd_.all().front().port());
        const std::string rsync = text(peers_, "/rsync/run");
        const std::string there = "127.0.0.1:";
        const auto from_to = [&](std::string_view tree, std::string_view target) {
            return fetches ? text(there, tree, ' ', target) : text(tree, ' ', there, target);
        };
        const std::string& target = fetches ? place_.got : place_.in;
        add("rsync over ssh", text(rsync, " -r -e '", ssh_, " -p ", port, "' --rsync-path=", rsync, ' ',
                                   from_to(place_.tree, target)));
        add("scp",
            text(peers_, "/ssh/run scp -qr -S ", ssh_, " -P ", port, ' ', from_to(place_.tree, target)));
        const std::string far = text(ssh_, " -p ", port, " 127.0.0.1 "),
                          packs = "tar -C " + place_.root + " -cf - tree",
                          unpacks = "tar -C " + target + " -xf -";
        add("tar over ssh", fetches ? text(far, packs, " | ", unpacks) : text(packs, " | ", far, unpacks));
    }

    const Setting& setting_;
    Samples& samples_;
    Folders place_;
    std::string peers_ = fs::absolute(setting_.peers);
    Certificate certificate_;
    std::string ssh_;
    Lineup ftpd_, sshd_;
};

} // namespace

void measure_copies(const Setting& setting, Samples& samples) {
    if (!setting.wants("ftp-copy") && !setting.wants("ftp-tls-copy")) return;
    Contest contest{setting, samples};
    contest.hold("ftp-copy-fetch", true, false);
    contest.hold("ftp-copy-send", false, false);
    if (setting.tls_clients.empty()) return; // nor has ftpd any TLS
    contest.hold("ftp-tls-copy-fetch", true, true);
    contest.hold("ftp-tls-copy-send", false, true);
}

} // namespace bench
