"use client";

import { useChat } from "@ai-sdk/react";
import { useState } from "react";
import type { ChatMessage } from "./chat";

export default function Page() {
  const { messages, sendMessage, regenerate, stop, status, error } = useChat<ChatMessage>();
  const [input, setInput] = useState("");
  const busy = status === "submitted" || status === "streaming";

  return (
    <main data-status={status}>
      {messages.map(({ id, role, parts, metadata }) => (
        <article key={id} data-role={role}>
          <b>{role === "user" ? "You" : "Model"}</b>{" "}
          {parts.map((part, i) => (part.type === "text" ? <span key={i}>{part.text}</span> : null))}
          {metadata?.provider && (
            <small>
              {" "}
              by {metadata.provider}, attempts: {metadata.attempts}
            </small>
          )}
        </article>
      ))}
      {error && (
        <p role="alert">
          {error.message} <button onClick={() => regenerate()}>Try again</button>
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (busy || !input.trim()) return;
          sendMessage({ text: input });
          setInput("");
        }}
      >
        <input autoFocus value={input} onChange={(event) => setInput(event.target.value)} placeholder="Say something" />
        {busy ? (
          <button type="button" onClick={() => stop()}>
            Stop
          </button>
        ) : (
          <button>Send</button>
        )}
      </form>
    </main>
  );
}
