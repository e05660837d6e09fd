"""Every text of the pages in English and Korean, in one table. Names, exercises and cues come from the class itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

LANGUAGES: Final = ("en", "ko")
LANGUAGE: Final = "GROUPCOACH_LANGUAGE"
"""Environment variable with the pages' language; without it they speak that of the class."""

TABLE: Final[dict[str, tuple[str, str]]] = {
    # the live page
    "nobody": ("Nobody in the picture yet.", "아직 화면에 아무도 없습니다."),
    "needs_you": ("Who needs you", "도움이 필요한 사람"),
    "needs_nobody": ("Nobody needs you now.", "지금은 모두 괜찮습니다."),
    "clean": ("{clean} of {reps} clean", "{reps}회 중 {clean}회 정확"),
    "seconds": ("{n} s", "{n}초"),
    "not_seen": ("not seen for {n} s", "{n}초째 안 보임"),
    "resting": ("resting", "휴식 중"),
    "not_judged": ("not judged from here: {what}", "이 각도에서 판단 불가: {what}"),
    "cues_off": ("cues off", "음성 끔"),
    "guest": ("guest", "손님"),
    "provisional": ("who?", "누구?"),
    "instructor": ("instructor", "강사"),
    "person": ("Person {n}", "참가자 {n}"),
    "people_1": ("1 person", "1명"),
    "people": ("{n} people", "{n}명"),
    "here": ("{people} here, {n} not seen", "{people} 참여, {n}명 안 보임"),
    "on": ("{n} on {exercise}", "{exercise} {n}명"),
    "to": (" ({low} to {high})", " ({low}~{high}회)"),
    "fps": ("{n} fps", "초당 {n}장"),
    "ended": ("class ended", "수업 종료"),
    "never": ("No answer from the engine for {n} s.", "엔진이 {n}초째 응답하지 않습니다."),
    "silent": ("No answer from the engine for {n} s: what you see is old.",
               "엔진이 {n}초째 응답하지 않습니다: 지금 화면은 지난 것입니다."),
    "no_picture": ("No new picture from the camera for {n} s: what you see is old.",
                   "카메라 화면이 {n}초째 멈췄습니다: 지금 화면은 지난 것입니다."),
    "not_refreshed": ("This page is not being refreshed: what you see is old.",
                      "이 페이지가 갱신되지 않습니다: 지금 화면은 지난 것입니다."),
    "picture": ("The camera picture with names and skeletons", "이름과 골격이 표시된 카메라 화면"),
    "tap": ("Open the corrections of {name}", "{name} 수정하기"),
    "figure": ("The body as it is seen", "보이는 자세"),
    # the hands-on controls
    "language": ("Language", "언어"),
    "whole_class": ("Whole class", "전체"),
    "talk": ("I am talking: no cues", "내가 말하는 중: 음성 멈춤"),
    "phone": ("Phone", "휴대폰"),
    "phones": ("Phones", "휴대폰"),
    "phone_here": ("connected", "연결됨"),
    "phones_shut": ("Phones cannot reach this yet: start the class with --phones.",
                    "아직 휴대폰으로 접속할 수 없습니다. --phones 옵션으로 수업을 시작하세요."),
    "no_code": ("No code yet.", "아직 코드가 없습니다."),
    "mute_all": ("Mute everybody", "모두 음소거"),
    "unmute_all": ("Cues for everybody", "모두 음성 켜기"),
    "undo": ("Undo the last correction", "마지막 수정 취소"),
    "undo_short": ("Undo", "취소"),
    "pause": ("Pause the class", "수업 일시정지"),
    "go_on": ("Go on", "계속하기"),
    "paused": ("PAUSED: nothing is counted", "일시정지: 횟수를 세지 않음"),
    "next_step": ("Next exercise of the plan", "계획의 다음 운동"),
    "end_class": ("End the class", "수업 끝내기"),
    "end_really": ("End it now", "지금 끝내기"),
    "plan_at": ("Plan {at} of {of}: {exercise}", "계획 {at}/{of}: {exercise}"),
    "plan_done": ("end of the plan", "계획 끝"),
    "left": ("{time} left", "{time} 남음"),
    "put_on_spot": ("Stands on spot", "자리"),
    "tap_a_card": ("Tap a card to correct a person.", "사람을 수정하려면 카드를 누르세요."),
    "hands_on": ("Correct", "수정"),
    "name": ("Name", "이름"),
    "rename": ("Rename", "이름 바꾸기"),
    "mute": ("Mute", "음소거"),
    "unmute": ("Cues again", "음성 켜기"),
    "is_instructor": ("Instructor", "강사"),
    "not_instructor": ("No instructor", "강사 아님"),
    "split": ("Undo merge", "합친 것 나누기"),
    "count_of": ("Count of {exercise}", "{exercise} 횟수"),
    "set_count": ("Set", "적용"),
    "merge_with": ("Is the same person as", "다음 사람과 같은 사람"),
    "swap_with": ("Has changed places with", "다음 사람과 바뀜"),
    "history": ("History", "기록"),
    "gone": ("This person is not in the class any more.", "이 사람은 더 이상 수업에 없습니다."),
    "sent": ("Sent ...", "전송됨 ..."),
    "refused": ("Not done: {why}", "처리되지 않음: {why}"),
    "why:no such person": ("no such person", "그런 사람이 없습니다"),
    "why:nobody was merged into this person": ("nobody was merged into this person",
                                               "이 사람과 합쳐진 사람이 없습니다"),
    "why:there is no further step in the plan": ("there is no further exercise in the plan",
                                                 "계획에 다음 운동이 없습니다"),
    "why:the class is paused already": ("the class is paused already", "이미 일시정지 상태입니다"),
    "why:the class is not paused": ("the class is not paused", "일시정지 상태가 아닙니다"),
    "why:nothing to undo": ("nothing to undo", "취소할 것이 없습니다"),
    "why:no answer": ("the engine does not answer", "엔진이 응답하지 않습니다"),
    "done:renamed": ("Renamed: {before} → {after}", "이름 변경: {before} → {after}"),
    "done:identity_merged": ("Merged into {name}", "{name}(으)로 합침"),
    "done:identity_split": ("Split: {name} is separate again", "나눔: {name}"),
    "done:identity_swapped": ("Swapped: {before}", "바꿈: {before}"),
    "done:instructor_marked": ("Instructor: {after}", "강사: {after}"),
    "done:count_corrected": ("Count corrected: {before} → {after}", "횟수 수정: {before} → {after}"),
    "done:put_on_spot": ("Spot of {name}: {before} → {after}", "{name} 자리: {before} → {after}"),
    "done:plan_step": ("Next exercise: {after}", "다음 운동: {after}"),
    "done:class_paused": ("Paused: nothing is counted", "일시정지: 횟수를 세지 않습니다"),
    "done:class_went_on": ("The class goes on", "수업을 계속합니다"),
    "done:class_ended": ("The class has ended", "수업이 끝났습니다"),
    "done:correction_undone": ("Undone: {before} → {after}", "취소됨: {before} → {after}"),
    "done:muted": ("Cues off: {name}", "음성 끔: {name}"),
    "done:unmuted": ("Cues on: {name}", "음성 켬: {name}"),
    "everybody": ("everybody", "모두"),
    "True": ("yes", "예"),
    "False": ("no", "아니요"),
    "sign_in": ("Sign in", "로그인"),
    "sign_in_first": ("Sign in with the instructor's password.", "강사 비밀번호로 로그인하세요."),
    # a class that is over, and one person
    "class": ("Class", "수업"),
    "common_faults": ("What went wrong most often", "가장 많았던 실수"),
    "no_faults": ("Nothing found.", "발견된 실수가 없습니다."),
    "nobody_seen": ("Nobody was seen in this class.", "이 수업에서 아무도 보이지 않았습니다."),
    "no_exercise": ("no exercise", "운동 없음"),
    "times_1": ("1 time", "1회"),
    "times": ("{n} times", "{n}회"),
    "repetitions": ("{n} repetitions", "{n}회 반복"),
    "moment": ("Moment", "시점"),
    "film": ("The whole film, for a video player: {film}", "전체 영상(재생기용): {film}"),
    "finished": ("Finished class", "끝난 수업"),
    "review": ("Review", "돌아보기"),
    "person_page": ("Person", "개인"),
    "per_exercise": ("Per exercise", "운동별"),
    "per_person": ("Per person", "사람별"),
    "download_csv": ("Table (CSV)", "표 (CSV)"),
    "download_html": ("Page (HTML)", "페이지 (HTML)"),
    "print": ("For paper or PDF: print this page with the browser.",
              "종이나 PDF: 브라우저에서 이 페이지를 인쇄하세요."),
    "col:exercise": ("Exercise", "운동"),
    "col:people": ("People", "인원"),
    "col:person": ("Person", "이름"),
    "col:reps": ("Count", "횟수"),
    "col:clean": ("Clean", "정확"),
    "col:hold": ("Held", "유지"),
    "col:spread": ("Each", "개인별"),
    "col:from": ("From", "시작"),
    "col:to": ("To", "끝"),
    "col:faults": ("To correct", "고칠 점"),
    "col:class": ("Class", "수업"),
    "col:tempo": ("Tempo", "속도"),
    "col:range": ("Range", "범위"),
    "col:side": ("Left / right", "왼쪽 / 오른쪽"),
    "range_deg": ("Range, degrees", "동작 범위(도)"),
    "tempo_s": ("Out and back, seconds", "왕복 시간(초)"),
    "rep_number": ("Repetition", "반복"),
    "clean_rep": ("clean", "정확"),
    "faulty_rep": ("with a fault", "실수 있음"),
    "choose_person": ("Who", "누구"),
    "choose_exercise": ("Exercise", "운동"),
    "this_class": ("This class", "이번 수업"),
    "classes": ("This class and the ones before", "이번 수업과 지난 수업"),
    "faults_over_time": ("Faults over the classes", "수업별 실수"),
    "nothing_kept": ("Nothing is kept about {name} yet.", "{name}에 대한 기록이 아직 없습니다."),
    "no_record": ("There is no record to read: start the class with --out or --db.",
                  "읽을 기록이 없습니다: --out 또는 --db로 수업을 시작하세요."),
    "more_left": ("{n} more on the left", "왼쪽이 {n} 더"),
    "more_right": ("{n} more on the right", "오른쪽이 {n} 더"),
    "left_right_deg": ("left less right {n}°", "왼쪽-오른쪽 {n}°"),
    "best_rep": ("Best repetition (number {n})", "가장 좋은 반복({n}번째)"),
    "worst_rep": ("Worst repetition (number {n})", "가장 나쁜 반복({n}번째)"),
    "no_poses": ("The body in 3D is there when the class was run with --save-poses.",
                 "--save-poses로 진행한 수업에서만 3D 자세를 볼 수 있습니다."),
    "play": ("Play", "재생"),
    "running": ("still running", "진행 중"),
    # set-up
    "setup": ("Set up", "준비"),
    "setup_help": ("Choose the camera, name the people, start the class.",
                   "카메라를 고르고, 이름을 적고, 수업을 시작하세요."),
    "source": ("Camera", "카메라"),
    "camera": ("Camera {n}", "카메라 {n}"),
    "sample_class": ("Sample class (no camera)", "예제 수업(카메라 없이)"),
    "other_source": ("Another address or file", "다른 주소나 파일"),
    "address": ("Address", "주소"),
    "show_picture": ("Show the picture", "화면 보기"),
    "picture_of": ("What the camera sees now", "지금 카메라 화면"),
    "roster": ("Who comes", "참가자"),
    "roster_help": ("One line each; spots are numbered from left to right, the front row first. Leave it empty to name "
                    "people later.", "한 줄에 한 명. 자리는 앞줄 왼쪽부터 번호를 붙입니다. 비워 두면 나중에 정합니다."),
    "spot": ("Spot", "자리"),
    "say_as": ("Say it as", "읽는 법"),
    "notes": ("Notes", "메모"),
    "plan": ("Plan of the hour", "수업 계획"),
    "plan_seconds": ("Seconds", "초"),
    "plan_rest": ("Rest, s", "휴식(초)"),
    "class_language": ("Language of the class", "수업 언어"),
    "voice": ("Speak the cues", "음성 안내"),
    "voice_text": ("Words to try", "시험할 말"),
    "voice_sample": ("Mina, push your knees out.", "민아, 무릎을 바깥으로 미세요."),
    "voice_test": ("Say it", "말하기"),
    "voice_heard": ("Said in {n} s.", "{n}초 걸렸습니다."),
    "check_machine": ("Check this machine", "이 컴퓨터 점검"),
    "checking": ("Checking ...", "점검 중 ..."),
    "start_class": ("Start the class", "수업 시작"),
    "class_starting": ("The class is starting: models are being loaded.", "수업을 준비하고 있습니다."),
    "class_running": ("The class is running: open the page Class on the left.",
                      "수업 중입니다: 왼쪽에서 수업 페이지를 여세요."),
    "class_ended": ("The class has ended: its pages are on the left.", "수업이 끝났습니다: 왼쪽에서 결과를 보세요."),
    "class_failed": ("The class could not go on. What the engine said:", "수업을 진행할 수 없습니다. 엔진의 설명:"),
    # joints
    "joint:left": ("left {joint}", "왼쪽 {joint}"),
    "joint:right": ("right {joint}", "오른쪽 {joint}"),
}  # fmt: skip

_JOINTS_KO: Final = {
    "knee": "무릎", "hip": "엉덩이", "elbow": "팔꿈치", "shoulder": "어깨", "ankle": "발목", "wrist": "손목",
    "spine mid": "등", "spine low": "허리", "spine high": "등", "pelvis": "골반", "neck": "목", "head": "머리",
    "waist": "허리", "trunk lean": "상체", "toe": "발끝", "heel": "뒤꿈치", "foot": "발", "hand": "손",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """The texts in one language."""

    language: str = "en"

    def __call__(self, key: str, **values: Any) -> str:
        """The text of ``key`` with its values filled in.

        Raises:
            KeyError: no such text.
        """
        return TABLE[key][self.language == "ko"].format(**values)

    def or_else(self, key: str, other: str) -> str:
        """The text where there is one, else what came from outside."""
        return self(key) if key in TABLE else other

    def joint(self, code: str) -> str:
        """``left_knee`` as words."""
        plain = code.replace("_", " ")
        if self.language != "ko":
            return plain
        side, _, rest = plain.partition(" ")
        if side in ("left", "right"):
            return self(f"joint:{side}", joint=_JOINTS_KO.get(rest, rest))
        return _JOINTS_KO.get(plain, plain)

    def people(self, n: int) -> str:
        """``"1 person"``, ``"3 people"``."""
        return self("people_1") if n == 1 else self("people", n=n)

    def times(self, n: int) -> str:
        """``"1 time"``, ``"3 times"``."""
        return self("times_1") if n == 1 else self("times", n=n)


ENGLISH: Final = Words()


def clock(seconds: float) -> str:
    """Minutes and seconds, ``"2:05"``."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def plain(code: str) -> str:
    """``knees_in`` as words."""
    return code.replace("_", " ")


def title(code: str) -> str:
    """``push_up`` as the name of an exercise."""
    words = plain(code)
    return words[:1].upper() + words[1:]


def number(value: Any) -> float | None:
    """A number of a snapshot or summary; None where there is none."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
